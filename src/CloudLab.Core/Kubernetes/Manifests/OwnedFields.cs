using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Sets of fields as the server notes who owns them (<c>fieldsV1</c> of <c>metadata.managedFields</c>): <c>f:</c> a field, <c>k:</c> the
/// list item with these keys, <c>v:</c> a value of a set, <c>.</c> the thing itself; an empty object is a field with all that is in it.
/// </summary>
internal static class OwnedFields
{
    private const string Self = ".";

    /// <summary>The fields that one entry of the managed fields names.</summary>
    /// <param name="entry">The entry.</param>
    /// <returns>Its fields; none where it has none.</returns>
    public static JsonObject Of(JsonObject? entry) => entry?.Object("fieldsV1") ?? [];

    /// <summary>What is in either set.</summary>
    /// <param name="a">A set.</param>
    /// <param name="b">Another one.</param>
    /// <returns>A new set.</returns>
    public static JsonObject Union(JsonObject a, JsonObject b)
    {
        JsonObject all = (JsonObject)a.DeepClone();
        Add(all, b);
        return all;

        static void Add(JsonObject to, JsonObject from)
        {
            foreach ((string key, JsonNode? value) in from)
            {
                if (to[key] is not JsonObject mine)
                {
                    to[key] = value?.DeepClone();
                }
                else if (value is JsonObject { Count: > 0 } theirs)
                {
                    // A whole field here, parts of it there: both are owned.
                    if (mine.Count == 0)
                    {
                        mine[Self] = new JsonObject();
                    }

                    Add(mine, theirs);
                }
                else if (mine.Count > 0)
                {
                    mine[Self] = new JsonObject();
                }
            }
        }
    }

    /// <summary>What is in the first set and not in the second.</summary>
    /// <param name="set">A set.</param>
    /// <param name="other">What to leave out.</param>
    /// <returns>A new set.</returns>
    public static JsonObject Without(JsonObject set, JsonObject other)
    {
        JsonObject left = [];
        foreach ((string key, JsonNode? value) in set)
        {
            JsonObject mine = value as JsonObject ?? [];
            if (other[key] is not JsonObject theirs)
            {
                left[key] = mine.DeepClone();
            }
            else if (mine.Count > 0 && Without(mine, theirs) is { Count: > 0 } rest)
            {
                left[key] = rest;
            }
        }

        return left;
    }

    /// <summary>Whether two sets have a field in common.</summary>
    /// <param name="a">A set.</param>
    /// <param name="b">Another one.</param>
    /// <returns>True if so.</returns>
    public static bool Overlap(JsonObject a, JsonObject b) => a.Any(pair =>
        pair.Key != Self && b[pair.Key] is JsonObject theirs && pair.Value is JsonObject mine
        && (mine.Count == 0 || theirs.Count == 0 || Overlap(mine, theirs)));

    /// <summary>The set without metadata, of the object or of a pod template: labels and annotations are everybody's.</summary>
    /// <param name="set">A set.</param>
    /// <returns>A new set.</returns>
    public static JsonObject WithoutMetadata(JsonObject set)
    {
        JsonObject rest = [];
        foreach ((string key, JsonNode? value) in set)
        {
            JsonObject below = value as JsonObject ?? [];
            if (key != "f:metadata" && (below.Count == 0 || WithoutMetadata(below).Any(pair => pair.Key != Self)))
            {
                rest[key] = WithoutMetadata(below);
            }
        }

        return rest;
    }

    /// <summary>Whether a field is in a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="path">Names of the fields that lead there.</param>
    /// <returns>True if so.</returns>
    public static bool Has(JsonObject set, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (set.Object("f:" + name) is not { } below)
            {
                return false;
            }

            set = below;
        }

        return true;
    }

    /// <summary>The fields for people: <c>.spec.template.spec.containers[name="web"].image</c>.</summary>
    /// <param name="set">A set.</param>
    /// <returns>The fields that have no further ones in the set.</returns>
    public static IEnumerable<string> Paths(JsonObject set)
    {
        foreach ((string key, JsonNode? value) in set)
        {
            if (key == Self)
            {
                continue;
            }

            string name = key.StartsWith("f:", StringComparison.Ordinal) ? FieldPath.Of("", key[2..])
                : key.StartsWith("k:", StringComparison.Ordinal) && Parsed(key) is JsonObject keys
                    ? $"[{string.Join(',', keys.Select(pair => $"{pair.Key}={pair.Value?.ToJsonString()}"))}]"
                : $"[{key[2..]}]";
            bool leaf = true;
            foreach (string below in value is JsonObject map ? Paths(map) : [])
            {
                leaf = false;
                yield return name + below;
            }

            if (leaf)
            {
                yield return name;
            }
        }
    }

    /// <summary>Takes fields out of an object.</summary>
    /// <param name="content">The object, or a part of it.</param>
    /// <param name="set">The fields.</param>
    public static void Remove(JsonNode? content, JsonObject set)
    {
        foreach ((string key, JsonNode? value) in set)
        {
            JsonObject below = value as JsonObject ?? [];
            bool whole = below.Count == 0 || below.ContainsKey(Self);
            if (key.StartsWith("f:", StringComparison.Ordinal) && content is JsonObject map && map.ContainsKey(key[2..]))
            {
                Remove(map[key[2..]], below);
                if (below.Count == 0 || (whole && map[key[2..]] is JsonObject { Count: 0 } or JsonArray { Count: 0 }))
                {
                    map.Remove(key[2..]);
                }
            }
            else if (content is JsonArray list && Parsed(key) is { } wanted)
            {
                JsonNode? item = list.FirstOrDefault(item => key[0] == 'k'
                    ? item is JsonObject one && wanted is JsonObject keys && keys.All(pair => JsonNode.DeepEquals(one[pair.Key], pair.Value))
                    : JsonNode.DeepEquals(item, wanted));
                if (item is not null && whole)
                {
                    list.Remove(item);
                }
                else
                {
                    Remove(item, below);
                }
            }
        }
    }

    /// <summary>Puts a part of a manifest into an object: maps are merged, items of lists by the keys that their owner's set names them with, other lists are replaced.</summary>
    /// <param name="content">The object, or a part of it.</param>
    /// <param name="wanted">What it is to have.</param>
    /// <param name="set">Fields of the object that somebody owned.</param>
    public static void Put(JsonObject content, JsonObject wanted, JsonObject set)
    {
        foreach ((string name, JsonNode? value) in wanted)
        {
            JsonObject below = set.Object("f:" + name) ?? [];
            string[] keys = [.. below.Select(pair => pair.Key[0] == 'k' ? Parsed(pair.Key) : null).OfType<JsonObject>().SelectMany(one => one.Select(pair => pair.Key)).Distinct()];
            if (value is JsonObject part && content[name] is JsonObject there)
            {
                Put(there, part, below);
            }
            else if (value is JsonArray items && content[name] is JsonArray list && keys.Length > 0)
            {
                foreach (JsonObject item in items.OfType<JsonObject>())
                {
                    // A key that is left out has its default, which is what the object has.
                    if (list.OfType<JsonObject>().FirstOrDefault(one => Array.TrueForAll(keys, key => item[key] is null || JsonNode.DeepEquals(one[key], item[key]))) is { } old)
                    {
                        Put(old, item, []);
                    }
                    else
                    {
                        list.Add(item.DeepClone());
                    }
                }
            }
            else
            {
                content[name] = value?.DeepClone();
            }
        }
    }

    private static JsonNode? Parsed(string key)
    {
        try
        {
            return key.Length > 2 && key[0] is 'k' or 'v' ? JsonNode.Parse(key[2..]) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
