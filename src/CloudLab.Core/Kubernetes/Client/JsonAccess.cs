using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Reads fields of objects that come from anywhere, so any of them may be missing or of the wrong type.</summary>
internal static class JsonAccess
{
    /// <summary>Nesting that is accepted; schemas in custom resource definitions go deeper than the default of 64.</summary>
    public static readonly JsonDocumentOptions Deep = new() { MaxDepth = 500 };

    /// <summary>A string field.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>Its text, or null where it is missing, empty or no string.</returns>
    public static string? Text(this JsonObject map, string key) => StrictJson.Text(map, key);

    /// <summary>A whole number.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>The number, or null.</returns>
    public static long? Number(this JsonObject map, string key) =>
        map[key] is JsonValue value && value.TryGetValue(out long number) ? number
        : map[key] is JsonValue small && small.TryGetValue(out int whole) ? whole
        : null;

    /// <summary>A boolean.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>True only where the field says so.</returns>
    public static bool Flag(this JsonObject map, string key) =>
        map[key] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    /// <summary>An object field.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>The object, or null.</returns>
    public static JsonObject? Object(this JsonObject map, string key) => map[key] as JsonObject;

    /// <summary>The objects in a list.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>The objects; none where the field is missing.</returns>
    public static IEnumerable<JsonObject> Objects(this JsonObject map, string key) => (map[key] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>The strings in a list.</summary>
    /// <param name="map">The object.</param>
    /// <param name="key">The field.</param>
    /// <returns>The strings; none where the field is missing.</returns>
    public static IReadOnlyList<string> Texts(this JsonObject map, string key) =>
        map[key] is JsonArray list ? [.. list.OfType<JsonValue>().Select(value => value.ToString())] : [];

    /// <summary>A condition of the object's status.</summary>
    /// <param name="resource">The whole object.</param>
    /// <param name="type">The condition's type.</param>
    /// <returns>The condition, or null.</returns>
    public static JsonObject? Condition(this JsonObject resource, string type) =>
        resource.Object("status")?.Objects("conditions").FirstOrDefault(condition => condition.Text("type") == type);

    /// <summary>Whether a condition of the object's status is True.</summary>
    /// <param name="resource">The whole object.</param>
    /// <param name="type">The condition's type.</param>
    /// <returns>True where it is.</returns>
    public static bool Holds(this JsonObject resource, string type) => resource.Condition(type)?.Text("status") == "True";
}
