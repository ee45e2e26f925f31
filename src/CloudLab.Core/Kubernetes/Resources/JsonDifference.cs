using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>What differs between two forms of an object.</summary>
internal static class JsonDifference
{
    private const int LongestText = 80;

    /// <summary>The merge patch (RFC 7386) that makes one object of another.</summary>
    /// <param name="before">The object as it is.</param>
    /// <param name="after">The object as it shall be.</param>
    /// <returns>The patch; empty where nothing differs.</returns>
    public static JsonObject MergePatch(JsonObject before, JsonObject after)
    {
        JsonObject patch = [];
        foreach ((string key, JsonNode? value) in after)
        {
            JsonNode? was = before[key];
            if (was is JsonObject from && value is JsonObject to)
            {
                if (MergePatch(from, to) is { Count: > 0 } inner)
                {
                    patch[key] = inner;
                }
            }
            else if (!JsonNode.DeepEquals(was, value))
            {
                patch[key] = value?.DeepClone();
            }
        }

        foreach (string key in before.Select(pair => pair.Key).Where(key => !after.ContainsKey(key)))
        {
            patch[key] = null;
        }

        return patch;
    }

    /// <summary>What a merge patch (RFC 7386) makes of a value.</summary>
    /// <param name="target">The value as it is.</param>
    /// <param name="patch">The patch.</param>
    /// <returns>The value as it shall be; a copy.</returns>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        JsonObject result = target is JsonObject map ? (JsonObject)map.DeepClone() : [];
        foreach ((string name, JsonNode? value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = Apply(result[name], value);
            }
        }

        return result;
    }

    /// <summary>The first field that two merge patches of one object set to different values.</summary>
    /// <param name="one">A patch.</param>
    /// <param name="other">Another.</param>
    /// <returns>Its path; null where they go together.</returns>
    public static string? Overlap(JsonObject one, JsonObject other)
    {
        foreach ((string key, JsonNode? value) in one)
        {
            if (!other.TryGetPropertyValue(key, out JsonNode? theirs) || JsonNode.DeepEquals(value, theirs))
            {
                continue;
            }

            if (value is not JsonObject mine || theirs is not JsonObject their)
            {
                return key;
            }

            if (Overlap(mine, their) is { } inner)
            {
                return $"{key}.{inner}";
            }
        }

        return null;
    }

    /// <summary>The paths that differ, with both values: <c>containers[web].image: web:1 → web:2</c>.</summary>
    /// <param name="before">The earlier form.</param>
    /// <param name="after">The later form.</param>
    /// <returns>One text for each path.</returns>
    public static IReadOnlyList<string> Describe(JsonNode? before, JsonNode? after) => [.. Changes(before, after, "")];

    private static IEnumerable<string> Changes(JsonNode? before, JsonNode? after, string path)
    {
        if (JsonNode.DeepEquals(before, after))
        {
            return [];
        }

        if (before is JsonObject from && after is JsonObject to)
        {
            return from.Select(pair => pair.Key).Union(to.Select(pair => pair.Key))
                .SelectMany(key => Changes(from[key], to[key], path.Length == 0 ? key : key.Contains('.', StringComparison.Ordinal) ? $"{path}['{key}']" : $"{path}.{key}"));
        }

        // Containers, volumes, variables: what has the same name is the same one.
        if (before is JsonArray first && after is JsonArray second && Named(first) is { } was && Named(second) is { } now)
        {
            return was.Keys.Union(now.Keys).SelectMany(name => Changes(was.GetValueOrDefault(name), now.GetValueOrDefault(name), $"{path}[{name}]"));
        }

        return before is null ? [$"{path}: added {Short(after)}"] : after is null ? [$"{path}: removed {Short(before)}"] : [$"{path}: {Short(before)} → {Short(after)}"];
    }

    private static Dictionary<string, JsonNode?>? Named(JsonArray list)
    {
        Dictionary<string, JsonNode?> named = new(StringComparer.Ordinal);
        return list.All(item => item is JsonObject map && map.Text("name") is { } name && named.TryAdd(name, map)) ? named : null;
    }

    private static string Short(JsonNode? node) => JsonPath.Print(node!) is var text && text.Length > LongestText ? text[..LongestText] + "…" : text;
}
