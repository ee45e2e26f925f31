using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes;

/// <summary>Short ways to read, compare and write unstructured objects.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions PlainText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The node at a path of property names, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }

    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        At(node, path) is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        if (At(node, path) is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }

        return value.TryGetValue(out long whole) ? whole
            : value.TryGetValue(out int small) ? small
            : value.TryGetValue(out double real) ? (long)real : null;
    }

    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) => At(node, path)?.GetValueKind() == JsonValueKind.True;

    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => At(node, path) as JsonObject;

    /// <summary>The objects of a list at a path; none if it is not there.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (At(node, path) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (At(node, path) as JsonArray)?.Select(item => item.Text()!).Where(text => text is not null) ?? [];

    /// <summary>A map of strings at a path, such as labels.</summary>
    public static Dictionary<string, string> Strings(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        Dictionary<string, string> strings = new(StringComparer.Ordinal);
        if (At(node, path) is JsonObject map)
        {
            foreach ((string key, JsonNode? value) in map)
            {
                strings[key] = value.Text() ?? "";
            }
        }

        return strings;
    }

    /// <summary>The object under a name; made when it is missing.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject child)
        {
            return child;
        }

        child = [];
        parent[name] = child;
        return child;
    }

    public static JsonArray EnsureList(this JsonObject parent, string name)
    {
        if (parent[name] is JsonArray child)
        {
            return child;
        }

        child = [];
        parent[name] = child;
        return child;
    }

    /// <summary>Sets a property that has no value yet.</summary>
    public static void Default(this JsonObject parent, string name, JsonNode value)
    {
        if (parent[name] is null)
        {
            parent[name] = value;
        }
    }

    /// <summary>Puts properties first, in the order given; the others keep theirs, with <c>status</c> last.</summary>
    public static void PutFirst(this JsonObject node, params ReadOnlySpan<string> names)
    {
        List<KeyValuePair<string, JsonNode?>> all = [.. node];
        node.Clear();
        foreach (string name in names)
        {
            int at = all.FindIndex(pair => pair.Key == name);
            if (at >= 0)
            {
                node.Add(all[at]);
                all.RemoveAt(at);
            }
        }

        foreach (KeyValuePair<string, JsonNode?> pair in all.Where(pair => pair.Key != "status").Concat(all.Where(pair => pair.Key == "status")))
        {
            node.Add(pair);
        }
    }

    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();

    public static JsonObject Map(IEnumerable<KeyValuePair<string, string>> strings) =>
        new(strings.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));

    public static JsonArray List(IEnumerable<string> strings) => new([.. strings.Select(text => (JsonNode)JsonValue.Create(text)!)]);

    public static byte[] Bytes(JsonNode? node)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
        {
            if (node is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                node.WriteTo(writer);
            }
        }

        return stream.ToArray();
    }

    public static string Line(JsonNode? node) => node?.ToJsonString(PlainText) ?? "null";

    /// <summary>Reads JSON into nodes that hold no reference to the text, so that they can be changed at will.</summary>
    /// <param name="utf8">JSON.</param>
    /// <param name="duplicates">Gets the path of each property that stands twice; the last one wins.</param>
    /// <returns>The node. Throws <see cref="JsonException"/> when it is no JSON.</returns>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, List<string>? duplicates = null)
    {
        Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        JsonNode? node = Read(ref reader, "", duplicates);
        if (reader.Read())
        {
            throw new JsonException("More than one JSON value.");
        }

        return node;
    }

    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8) => (JsonObject)Parse(utf8)!;

    /// <summary>Whether two values are the same; 1 and 1.0 are.</summary>
    public static bool Same(JsonNode? a, JsonNode? b)
    {
        switch (a, b)
        {
            case (null, null):
                return true;
            case (JsonObject x, JsonObject y):
                if (x.Count != y.Count)
                {
                    return false;
                }

                foreach ((string name, JsonNode? value) in x)
                {
                    if (!y.TryGetPropertyValue(name, out JsonNode? other) || !Same(value, other))
                    {
                        return false;
                    }
                }

                return true;
            case (JsonArray x, JsonArray y):
                if (x.Count != y.Count)
                {
                    return false;
                }

                for (int i = 0; i < x.Count; i++)
                {
                    if (!Same(x[i], y[i]))
                    {
                        return false;
                    }
                }

                return true;
            case (JsonValue x, JsonValue y):
                JsonValueKind kind = x.GetValueKind();
                if (kind != y.GetValueKind())
                {
                    return false;
                }

                return kind switch
                {
                    JsonValueKind.String => string.Equals(x.GetValue<string>(), y.GetValue<string>(), StringComparison.Ordinal),
                    JsonValueKind.Number => Real(x).Equals(Real(y)),
                    _ => true,
                };
            default:
                return false;
        }
    }

    /// <summary>A time as objects carry it: whole seconds, UTC.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Now() => Time(DateTimeOffset.UtcNow);

    public static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static double Real(JsonValue value) =>
        value.TryGetValue(out long whole) ? whole : value.TryGetValue(out int small) ? small : value.TryGetValue(out double real) ? real
            : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static JsonNode? Read(ref Utf8JsonReader reader, string path, List<string>? duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                JsonObject node = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    string at = path.Length == 0 ? name : path + "." + name;
                    if (duplicates is not null && node.ContainsKey(name))
                    {
                        duplicates.Add(at);
                    }

                    reader.Read();
                    node[name] = Read(ref reader, at, duplicates);
                }

                return node;
            case JsonTokenType.StartArray:
                JsonArray list = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Read(ref reader, $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out long whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
            case JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            default:
                return null;
        }
    }
}
