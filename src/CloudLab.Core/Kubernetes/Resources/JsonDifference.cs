using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>What differs between two forms of an object.</summary>
internal static class JsonDifference
{
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
    /// <returns>Its path, as a <see cref="ManifestChange"/> has it; null where they go together.</returns>
    public static string? Overlap(JsonObject one, JsonObject other) => Overlap("", one, other)?.TrimStart('.');

    private static string? Overlap(string path, JsonObject one, JsonObject other)
    {
        foreach ((string key, JsonNode? value) in one)
        {
            if (!other.TryGetPropertyValue(key, out JsonNode? theirs) || JsonNode.DeepEquals(value, theirs))
            {
                continue;
            }

            if (value is not JsonObject mine || theirs is not JsonObject their)
            {
                return FieldPath.Of(path, key);
            }

            if (Overlap(FieldPath.Of(path, key), mine, their) is { } inner)
            {
                return inner;
            }
        }

        return null;
    }
}
