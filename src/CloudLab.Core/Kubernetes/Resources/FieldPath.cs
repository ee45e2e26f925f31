using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Paths of fields for people: <c>spec.template.spec.containers[name="web"].image</c>, <c>metadata.annotations["a.b/c"]</c>.</summary>
internal static class FieldPath
{
    private static readonly string[] ItemKeys = ["name", "key", "type", "mountPath", "containerPort", "port", "ip", "topologyKey"];

    /// <summary>The path of a field.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="key">Its name.</param>
    /// <returns>The path; in brackets where the name has characters of its own.</returns>
    public static string Of(string path, string key) =>
        key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$') ? $"{path}.{key}" : $"{path}[\"{key}\"]";

    /// <summary>The field that tells the items of a list apart, by which they are compared.</summary>
    /// <param name="lists">The list before and after.</param>
    /// <returns>Its name; null where they have only their places.</returns>
    public static string? ItemKey(params ReadOnlySpan<JsonArray> lists)
    {
        foreach (string key in ItemKeys)
        {
            bool fits = true;
            foreach (JsonArray list in lists)
            {
                HashSet<string> seen = new(StringComparer.Ordinal);
                fits = fits && list.All(item => item is JsonObject map && map[key] is JsonValue value && seen.Add(value.ToJsonString()));
            }

            if (fits)
            {
                return key;
            }
        }

        return null;
    }
}
