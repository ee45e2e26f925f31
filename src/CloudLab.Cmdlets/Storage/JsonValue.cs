using System.Collections;
using System.Text.Json;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Storage;

/// <summary>JSON as PowerShell people use it, the way <c>ConvertFrom-Json -AsHashtable</c> does.</summary>
internal static class JsonValue
{
    /// <summary>Reads JSON.</summary>
    /// <param name="text">The text; comments and a comma at the end are passed over.</param>
    /// <param name="source">Where it comes from, for the error.</param>
    /// <returns>Hashtables (names keep their case), arrays, strings, longs, doubles, booleans and nulls. Throws <see cref="LabException"/> (InvalidJson).</returns>
    public static object? Parse(string text, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                text, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 1024 });
            return Convert(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "InvalidJson",
                $"{source} is not valid JSON: line {e.LineNumber + 1}, character {e.BytePositionInLine + 1}.", e)
            {
                Target = source,
                Advice = "Read it without -AsHashtable to see what it is.",
            };
        }
    }

    private static object? Convert(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                // Names that differ in case only are two names.
                Hashtable table = new(StringComparer.Ordinal);
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    table[property.Name] = Convert(property.Value);
                }

                return table;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(Convert).ToArray();
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out long whole) ? whole : element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }
}
