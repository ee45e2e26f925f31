using System.Text.Json.Nodes;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>Writes objects as manifests.</summary>
public static class ManifestText
{
    private static readonly string[] First = ["apiVersion", "kind", "metadata", "type", "immutable", "data", "stringData", "spec"];
    private static readonly string[] FirstOfMetadata = ["name", "generateName", "namespace", "labels", "annotations"];

    /// <summary>Writes an object.</summary>
    /// <param name="value">The object.</param>
    /// <returns>A YAML document that begins with <c>---</c>, with its keys in the usual order.</returns>
    public static string Write(JsonObject value)
    {
        JsonObject ordered = Ordered(value, First);
        if (ordered["metadata"] is JsonObject metadata)
        {
            ordered["metadata"] = Ordered(metadata, FirstOfMetadata);
        }

        return YamlWriter.Write(ordered);
    }

    private static JsonObject Ordered(JsonObject map, string[] first) => new(map
        .OrderBy(pair => Array.IndexOf(first, pair.Key) is >= 0 and var place ? place : first.Length)
        .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())));
}
