using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common;

/// <summary>Dictionaries, lists and plain values as JSON.</summary>
public static class ObjectJson
{
    /// <summary>Nesting that is accepted; what contains itself has no end.</summary>
    public const int DeepestLevel = 500;

    /// <summary>The error for objects nested too deeply.</summary>
    public static LabException TooDeep => Invalid($"it is nested more than {DeepestLevel} levels deep, or contains itself");

    /// <summary>A .NET value as JSON: dictionaries, lists, strings, numbers, booleans, times.</summary>
    /// <param name="value">The value, whoever made it.</param>
    /// <returns>The JSON; null for null. Throws <see cref="LabException"/> (<c>ValueInvalid</c>) where a value has no place in JSON.</returns>
    public static JsonNode? Of(object? value) => Of(value, 0);

    private static JsonNode? Of(object? value, int depth) => value switch
    {
        _ when depth > DeepestLevel => throw TooDeep,
        null => null,
        JsonNode node => node.DeepClone(),
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        IDictionary map => OfMap(map, depth),
        DateTime time => JsonValue.Create(time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        DateTimeOffset time => JsonValue.Create(time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        byte or sbyte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong whole => JsonValue.Create(whole),
        decimal number => JsonValue.Create(number),
        float or double => Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsFinite(number)
            ? JsonValue.Create(number)
            : throw Invalid($"{value} has no place in JSON"),
        System.Numerics.BigInteger whole => JsonNode.Parse(whole.ToString(CultureInfo.InvariantCulture)),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(item => Of(item, depth + 1))]),
        _ when TextTable.HasText(value) => JsonValue.Create(Convert.ToString(value, CultureInfo.InvariantCulture)),
        _ => throw Invalid($"a {value.GetType().Name} has no text form: give a string, a number, a boolean, a list or a hashtable"),
    };

    private static JsonObject OfMap(IDictionary map, int depth)
    {
        JsonObject json = [];
        foreach (DictionaryEntry entry in map)
        {
            json[Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? ""] = Of(entry.Value, depth + 1);
        }

        return json;
    }

    private static LabException Invalid(string why) => new(LabErrorKind.InvalidData, "ValueInvalid", $"The object cannot be JSON: {why}.");
}
