using System.Globalization;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Containers.Compose;

/// <summary>A compose project as <c>docker compose config</c> resolved it: variables, files, extensions and profiles have been applied.</summary>
internal sealed class ComposeModel
{
    /// <summary>The model of a resolved project.</summary>
    /// <param name="root">Output of <c>config --format json</c>.</param>
    /// <param name="said">What compose said about it.</param>
    public ComposeModel(JsonObject root, ComposeMessages said)
    {
        // It writes each $ twice, so that its output could be read once more.
        Root = (JsonObject)Unescaped(root)!;
        Said = said;
    }

    public JsonObject Root { get; }

    public ComposeMessages Said { get; }

    public string Name => Text(Root, "name") ?? "";

    /// <summary>The services by name, in the order of their names.</summary>
    public IEnumerable<KeyValuePair<string, JsonObject>> Services => Maps(Root, "services");

    public static string? Text(JsonNode? node, string key) => (node as JsonObject)?[key] is JsonValue value ? value.ToString() : null;

    public static bool Flag(JsonNode? node, string key) => Text(node, key) == "true";

    public static JsonObject Map(JsonNode? node, string key) => (node as JsonObject)?[key] as JsonObject ?? [];

    public static IEnumerable<JsonObject> Items(JsonNode? node, string key) => ((node as JsonObject)?[key] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>A list of texts; a single text is a list of one.</summary>
    public static string[] Texts(JsonNode? node, string key) => (node as JsonObject)?[key] switch
    {
        JsonArray list => [.. list.OfType<JsonValue>().Select(item => item.ToString())],
        JsonValue value => [value.ToString()],
        _ => [],
    };

    /// <summary>The members of a mapping that are mappings themselves; an empty one stands for null.</summary>
    public static IEnumerable<KeyValuePair<string, JsonObject>> Maps(JsonNode? node, string key) =>
        Map(node, key).Select(pair => KeyValuePair.Create(pair.Key, pair.Value as JsonObject ?? []));

    /// <summary>How many containers a service is to have.</summary>
    public static int Scale(JsonObject service) =>
        int.TryParse(Text(service, "scale") ?? Text(Map(service, "deploy"), "replicas"), CultureInfo.InvariantCulture, out int count) ? count : 1;

    /// <summary>The services that others want to have succeeded before they start.</summary>
    public HashSet<string> OneShots() => [.. Services.SelectMany(service => Maps(service.Value, "depends_on"))
        .Where(needed => Text(needed.Value, "condition") == "service_completed_successfully").Select(needed => needed.Key)];

    /// <summary>Services with those that they need.</summary>
    /// <param name="names">Names of services; all if there are none.</param>
    /// <returns>Names.</returns>
    public HashSet<string> WithNeeded(IReadOnlyCollection<string> names)
    {
        Dictionary<string, JsonObject> services = Services.ToDictionary();
        Queue<string> ahead = new(names.Count > 0 ? names : services.Keys);
        HashSet<string> found = [];
        while (ahead.TryDequeue(out string? name))
        {
            if (services.TryGetValue(name, out JsonObject? service) && found.Add(name))
            {
                foreach ((string needed, _) in Maps(service, "depends_on"))
                {
                    ahead.Enqueue(needed);
                }
            }
        }

        return found;
    }

    /// <summary>A duration as compose writes it (<c>1m30s</c>).</summary>
    public static TimeSpan? Duration(string? text)
    {
        double seconds = 0;
        int i = 0;
        while (text is not null && i < text.Length)
        {
            int start = i;
            while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
            {
                i++;
            }

            int unit = i;
            while (i < text.Length && char.IsAsciiLetter(text[i]))
            {
                i++;
            }

            double factor = text[unit..i] switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" => 1e-6, "ns" => 1e-9, _ => double.NaN };
            if (unit == start || i == unit || !double.TryParse(text.AsSpan(start, unit - start), CultureInfo.InvariantCulture, out double number) || double.IsNaN(factor))
            {
                return null;
            }

            seconds += number * factor;
        }

        return text is null ? null : TimeSpan.FromSeconds(seconds);
    }

    private static JsonNode? Unescaped(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key.Replace("$$", "$", StringComparison.Ordinal), Unescaped(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Unescaped)]),
        JsonValue value when value.TryGetValue(out string? text) => JsonValue.Create(text.Replace("$$", "$", StringComparison.Ordinal)),
        _ => node?.DeepClone(),
    };
}
