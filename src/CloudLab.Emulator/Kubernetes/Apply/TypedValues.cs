using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>What differs between two objects.</summary>
internal sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;
}

/// <summary>Merging, comparing and taking apart objects by their schema, as structured merge and diff does.</summary>
internal static class TypedValues
{
    /// <summary>All the fields that an object sets.</summary>
    public static FieldSet FieldsOf(JsonNode? value, Shape shape)
    {
        FieldSet set = new();
        if (value is JsonObject map && shape.IsGranularMap)
        {
            foreach ((string name, JsonNode? member) in map)
            {
                Shape inner = shape.Member(name);
                bool isMember = member is null or JsonObject { Count: 0 } || shape.Field(name) is null || IsLeaf(member, inner);
                set.Add("f:" + name, isMember, IsLeaf(member, inner) ? null : FieldsOf(member, inner));
            }
        }
        else if (value is JsonArray list && shape.IsKeyedList)
        {
            foreach (JsonNode? item in list)
            {
                set.Add(ElementOf(item, shape), isMember: true, shape.IsSet ? null : FieldsOf(item, shape.Item()));
            }
        }

        return set;
    }

    /// <summary>What differs from one object to another.</summary>
    public static Comparison Compare(JsonObject from, JsonObject to, Shape shape)
    {
        Comparison result = new(new FieldSet(), new FieldSet(), new FieldSet());
        CompareMaps(from, to, shape, result);
        return result;
    }

    /// <summary>Lays an applied configuration over an object.</summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, Shape shape)
    {
        if (applied is JsonObject map && shape.IsGranularMap)
        {
            JsonObject merged = live is JsonObject there ? there.Copy() : [];
            foreach ((string name, JsonNode? value) in map)
            {
                if (value is not null)
                {
                    merged[name] = Merge(merged[name], value, shape.Member(name));
                }
            }

            return merged;
        }

        if (applied is JsonArray list && live is JsonArray before && shape.IsKeyedList)
        {
            return MergeLists(before, list, shape);
        }

        return applied?.DeepClone();
    }

    /// <summary>Takes the paths of a set out of an object, each with all that lies below it.</summary>
    public static void Remove(JsonNode? value, FieldSet paths, Shape shape)
    {
        if (paths.IsEmpty)
        {
            return;
        }

        if (value is JsonObject map && shape.IsGranularMap)
        {
            foreach (string name in map.Select(pair => pair.Key).ToList())
            {
                if (paths.IsMember("f:" + name))
                {
                    map.Remove(name);
                }
                else if (paths.Below("f:" + name) is { } below)
                {
                    Remove(map[name], below, shape.Member(name));
                }
            }
        }
        else if (value is JsonArray list && shape.IsKeyedList)
        {
            for (int i = list.Count - 1; i >= 0; i--)
            {
                string element = ElementOf(list[i], shape);
                if (paths.IsMember(element))
                {
                    list.RemoveAt(i);
                }
                else if (paths.Below(element) is { } below)
                {
                    Remove(list[i], below, shape.Item());
                }
            }
        }
    }

    /// <summary>What tells an item of a keyed list or set from the others.</summary>
    public static string ElementOf(JsonNode? item, Shape list)
    {
        if (list.IsSet)
        {
            return "v:" + Json.Line(item);
        }

        JsonObject keys = [];
        foreach (string key in list.Keys.Order(StringComparer.Ordinal))
        {
            JsonNode? value = (item as JsonObject)?[key]?.DeepClone();
            if (value is null && list.Item().Field(key)?.Default is { } fallback)
            {
                value = fallback;
            }

            if (value is not null)
            {
                keys[key] = value;
            }
        }

        return "k:" + Json.Line(keys);
    }

    private static bool IsLeaf(JsonNode? value, Shape shape) => value switch
    {
        JsonObject => !shape.IsGranularMap,
        JsonArray => !shape.IsKeyedList,
        _ => true,
    };

    private static void CompareMaps(JsonObject? from, JsonObject? to, Shape shape, Comparison result)
    {
        IEnumerable<string> names = (from ?? []).Select(pair => pair.Key).Union((to ?? []).Select(pair => pair.Key), StringComparer.Ordinal);
        foreach (string name in names)
        {
            JsonNode? a = null, b = null;
            bool hasA = from?.TryGetPropertyValue(name, out a) == true, hasB = to?.TryGetPropertyValue(name, out b) == true;
            CompareMember("f:" + name, hasA, a, hasB, b, shape.Member(name), result);
        }
    }

    private static void CompareMember(string element, bool hasA, JsonNode? a, bool hasB, JsonNode? b, Shape shape, Comparison result)
    {
        Comparison inner = new(new FieldSet(), new FieldSet(), new FieldSet());
        bool isMap = shape.IsGranularMap && IsNullOr<JsonObject>(a) && IsNullOr<JsonObject>(b) && !(IsEmpty(a) && IsEmpty(b));
        bool isList = shape.IsKeyedList && IsNullOr<JsonArray>(a) && IsNullOr<JsonArray>(b) && !(IsEmpty(a) && IsEmpty(b));
        if (isMap)
        {
            CompareMaps(a as JsonObject, b as JsonObject, shape, inner);
        }
        else if (isList)
        {
            Dictionary<string, JsonNode?> before = Index(a as JsonArray, shape), after = Index(b as JsonArray, shape);
            foreach (string key in before.Keys.Union(after.Keys, StringComparer.Ordinal))
            {
                bool was = before.TryGetValue(key, out JsonNode? old), isNow = after.TryGetValue(key, out JsonNode? now);
                CompareMember(key, was, old, isNow, now, shape.Item(), inner);
            }
        }

        bool changed = hasA && hasB && !isMap && !isList && !SameValue(a, b, shape);
        result.Added.Add(element, !hasA, inner.Added);
        result.Removed.Add(element, !hasB, inner.Removed);
        result.Modified.Add(element, changed, inner.Modified);
    }

    private static bool SameValue(JsonNode? a, JsonNode? b, Shape shape) =>
        Json.Same(a, b)
        || (shape.Kind == ShapeKind.Quantity && a is not null && b is not null && Quantity.TryParse(a.Text(), out Quantity x) && Quantity.TryParse(b.Text(), out Quantity y) && x == y);

    private static bool IsNullOr<T>(JsonNode? node) => node is null or T;

    private static bool IsEmpty(JsonNode? node) => node is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static Dictionary<string, JsonNode?> Index(JsonArray? list, Shape shape)
    {
        Dictionary<string, JsonNode?> index = new(StringComparer.Ordinal);
        foreach (JsonNode? item in list ?? [])
        {
            index.TryAdd(ElementOf(item, shape), item);
        }

        return index;
    }

    private static JsonArray MergeLists(JsonArray live, JsonArray applied, Shape shape)
    {
        List<string> left = [.. live.Select(item => ElementOf(item, shape))], right = [.. applied.Select(item => ElementOf(item, shape))];
        Dictionary<string, JsonNode?> before = Index(live, shape), after = Index(applied, shape);
        JsonArray merged = [];
        HashSet<string> done = new(StringComparer.Ordinal);
        int l = 0, r = 0;
        while (l < left.Count || r < right.Count)
        {
            if (l < left.Count && !after.ContainsKey(left[l]))
            {
                // Keeps its place before what follows it.
                merged.Add(live[l++]?.DeepClone());
            }
            else if (l < left.Count && done.Contains(left[l]))
            {
                l++;
            }
            else if (r < right.Count)
            {
                string element = right[r++];
                if (done.Add(element))
                {
                    merged.Add(Merge(before.GetValueOrDefault(element), after[element], shape.IsSet ? Shape.Deduced : shape.Item()));
                }
            }
            else
            {
                l++;
            }
        }

        return merged;
    }
}
