using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>One field that differs.</summary>
/// <param name="Path">The field: <c>spec.template.spec.containers[name="web"].image</c>.</param>
/// <param name="Old">What it is; null where it is not there.</param>
/// <param name="New">What it would be; null where it would not be there.</param>
public sealed record ManifestChange(string Path, object? Old, object? New)
{
    /// <inheritdoc/>
    public override string ToString() => Old is null ? $"+ {Path}: {Text(New)}" : New is null ? $"- {Path}: {Text(Old)}" : $"~ {Path}: {Text(Old)} -> {Text(New)}";

    /// <summary>What differs between two states of an object.</summary>
    /// <param name="before">The one; null where there is none.</param>
    /// <param name="after">The other.</param>
    /// <returns>The fields, in the order of the objects; of what is only on one side the whole of it.</returns>
    internal static List<ManifestChange> Between(JsonObject? before, JsonObject after)
    {
        List<ManifestChange> changes = [];
        Compare("", before ?? [], after, changes);
        return changes;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<ManifestChange> changes)
    {
        switch (before, after)
        {
            case (JsonObject old, JsonObject now):
                foreach (string key in old.Select(pair => pair.Key).Union(now.Select(pair => pair.Key)))
                {
                    Compare(FieldPath.Of(path, key), old[key], now[key], changes);
                }

                break;
            case (JsonArray old, JsonArray now):
                Compare(path, old, now, changes);
                break;
            default:
                if (!JsonNode.DeepEquals(before, after))
                {
                    changes.Add(Change(path, before, after));
                }

                break;
        }
    }

    private static void Compare(string path, JsonArray before, JsonArray after, List<ManifestChange> changes)
    {
        if (FieldPath.ItemKey(before, after) is { } key)
        {
            Dictionary<string, JsonNode?> old = Keyed(before), now = Keyed(after);
            if (old.Keys.Where(now.ContainsKey).SequenceEqual(now.Keys.Where(old.ContainsKey)))
            {
                foreach (string value in old.Keys.Union(now.Keys))
                {
                    Compare($"{path}[{key}={value}]", old.GetValueOrDefault(value), now.GetValueOrDefault(value), changes);
                }

                return;
            }
        }
        else if (before.Concat(after).All(item => item is JsonObject) && before.Count == after.Count)
        {
            for (int i = 0; i < before.Count; i++)
            {
                Compare($"{path}[{i}]", before[i], after[i], changes);
            }

            return;
        }

        // Their order, or plain values.
        if (!JsonNode.DeepEquals(before, after))
        {
            changes.Add(Change(path, before, after));
        }

        Dictionary<string, JsonNode?> Keyed(JsonArray list) =>
            list.ToDictionary(item => item![key!]!.ToJsonString(), item => item, StringComparer.Ordinal);
    }

    private static ManifestChange Change(string path, JsonNode? before, JsonNode? after) =>
        new(path.TrimStart('.'), ResourceMap.FromJson(before), ResourceMap.FromJson(after));

    private static string Text(object? value) => Common.ObjectJson.Of(value)?.ToJsonString() ?? "null";
}
