using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Security;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace CloudLab.Host.Output;

/// <summary>
/// One object a line, by its public properties under their own names; enumerations by name, dates as ISO 8601, durations
/// as <c>[d.]hh:mm:ss</c>. Each line is out before the next object is asked for.
/// </summary>
/// <param name="stream">Where to.</param>
internal sealed class JsonLinesWriter(Stream stream)
{
    // Deep enough for any of the module's types; an object that contains itself ends here.
    private const int MaxDepth = 32;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 0,
        SkipValidation = true,
    };

    private readonly ArrayBufferWriter<byte> line = new(1024);
    private readonly Dictionary<Type, PropertyInfo[]> properties = [];

    /// <summary>Writes an object.</summary>
    /// <param name="value">The object.</param>
    public void Write(object? value)
    {
        line.ResetWrittenCount();
        using (Utf8JsonWriter json = new(line, Options))
        {
            WriteValue(json, value, 0);
        }

        line.Write("\n"u8);
        stream.Write(line.WrittenSpan);
        stream.Flush();
    }

    private void WriteValue(Utf8JsonWriter json, object? value, int depth)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case PSObject { BaseObject: not PSCustomObject } wrapper:
                WriteValue(json, wrapper.BaseObject, depth);
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case SwitchParameter flag:
                json.WriteBooleanValue(flag);
                break;
            case Enum or Uri or Type or Version or Guid or char or CultureInfo or Delegate or FileSystemInfo:
                json.WriteStringValue(value.ToString());
                break;
            case double or float:
                double real = Convert.ToDouble(value, CultureInfo.InvariantCulture);
                if (double.IsFinite(real))
                {
                    json.WriteRawValue(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture), true);
                }
                else
                {
                    json.WriteStringValue(real.ToString(CultureInfo.InvariantCulture));
                }

                break;
            case decimal or sbyte or byte or short or ushort or int or uint or long or ulong or System.Numerics.BigInteger:
                json.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture), true);
                break;
            case DateTimeOffset moment:
                json.WriteStringValue(moment);
                break;
            case DateTime moment:
                json.WriteStringValue(moment);
                break;
            case TimeSpan duration:
                json.WriteStringValue(duration.ToString("c", CultureInfo.InvariantCulture));
                break;
            case byte[] bytes:
                json.WriteBase64StringValue(bytes);
                break;
            case JsonNode node:
                node.WriteTo(json);
                break;
            case JsonElement element:
                element.WriteTo(json);
                break;
            case SecureString or PSCredential or Stream:
                json.WriteNullValue();
                break;
            default:
                WriteStructure(json, value, depth);
                break;
        }
    }

    private void WriteStructure(Utf8JsonWriter json, object value, int depth)
    {
        if (depth > MaxDepth)
        {
            json.WriteStringValue(value.ToString());
            return;
        }

        // A type with a JSON form of its own, such as a policy document.
        if (value.GetType().IsDefined(typeof(JsonConverterAttribute), inherit: false))
        {
            JsonSerializer.Serialize(json, value, value.GetType());
            return;
        }

        switch (value)
        {
            case PSObject wrapper:
                json.WriteStartObject();
                foreach (PSPropertyInfo property in wrapper.Properties)
                {
                    WriteMember(json, property.Name, () => property.Value, depth);
                }

                json.WriteEndObject();
                break;
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    WriteMember(json, Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!, () => entry.Value, depth);
                }

                json.WriteEndObject();
                break;
            case IEnumerable many when Pairs(many) is { } pairs:
                json.WriteStartObject();
                foreach ((string key, object? item) in pairs)
                {
                    WriteMember(json, key, () => item, depth);
                }

                json.WriteEndObject();
                break;
            case IEnumerable many:
                json.WriteStartArray();
                foreach (object? item in many)
                {
                    WriteValue(json, item, depth + 1);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteStartObject();
                foreach (PropertyInfo property in PropertiesOf(value.GetType()))
                {
                    WriteMember(json, property.Name, () => property.GetValue(value), depth);
                }

                json.WriteEndObject();
                break;
        }
    }

    private void WriteMember(Utf8JsonWriter json, string name, Func<object?> read, int depth)
    {
        object? value;
        try
        {
            value = read();
        }
        catch (TargetInvocationException)
        {
            // PowerShell shows a property that throws as empty; so does this.
            value = null;
        }

        json.WritePropertyName(name);
        WriteValue(json, value, depth + 1);
    }

    // Read-only dictionaries know no IDictionary.
    private static IEnumerable<(string Key, object? Value)>? Pairs(IEnumerable many)
    {
        Type? pair = many.GetType().GetInterfaces()
            .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>));
        return pair is null ? null : many.Cast<object>().Select(item => (
            Convert.ToString(item.GetType().GetProperty("Key")!.GetValue(item), CultureInfo.InvariantCulture)!,
            item.GetType().GetProperty("Value")!.GetValue(item)));
    }

    private PropertyInfo[] PropertiesOf(Type type)
    {
        if (!properties.TryGetValue(type, out PropertyInfo[]? known))
        {
            known = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)];
            properties[type] = known;
        }

        return known;
    }
}
