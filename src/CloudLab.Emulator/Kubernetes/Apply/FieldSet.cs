using System.Text;
using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>
/// A set of field paths, in the shape of <c>fieldsV1</c>: under each element (<c>f:name</c>, <c>k:{keys}</c>,
/// <c>v:value</c>) whether the path that ends there is in the set, and the set of what lies below.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    public bool IsEmpty => entries.Count == 0;

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    public static FieldSet FromJson(JsonNode? fields)
    {
        FieldSet set = new();
        if (fields is JsonObject map)
        {
            foreach ((string element, JsonNode? below) in map)
            {
                if (element == ".")
                {
                    continue;
                }

                FieldSet children = FromJson(below);
                bool isMember = below is not JsonObject { Count: > 0 } content || content.ContainsKey(".");
                set.entries[element] = new Entry(isMember, children);
            }
        }

        return set;
    }

    public JsonObject ToJson()
    {
        JsonObject map = [];
        foreach ((string element, Entry entry) in entries)
        {
            JsonObject below = [];
            if (entry.IsMember && !entry.Children.IsEmpty)
            {
                below["."] = new JsonObject();
            }

            foreach ((string name, JsonNode? node) in entry.Children.ToJson())
            {
                below[name] = node?.DeepClone();
            }

            map[element] = below;
        }

        return map;
    }

    /// <summary>Adds the path that ends with an element, and what lies below it.</summary>
    public void Add(string element, bool isMember, FieldSet? children = null)
    {
        children ??= new FieldSet();
        if (entries.TryGetValue(element, out Entry? there))
        {
            isMember |= there.IsMember;
            children = there.Children.Union(children);
        }

        if (isMember || !children.IsEmpty)
        {
            entries[element] = new Entry(isMember, children);
        }
    }

    public FieldSet Union(FieldSet other)
    {
        FieldSet set = new();
        foreach ((string element, Entry entry) in entries.Concat(other.entries))
        {
            set.Add(element, entry.IsMember, entry.Children);
        }

        return set;
    }

    public FieldSet Except(FieldSet other)
    {
        FieldSet set = new();
        foreach ((string element, Entry entry) in entries)
        {
            Entry? taken = other.entries.GetValueOrDefault(element);
            set.Add(element, entry.IsMember && taken?.IsMember != true, taken is null ? entry.Children : entry.Children.Except(taken.Children));
        }

        return set;
    }

    public FieldSet Intersect(FieldSet other)
    {
        FieldSet set = new();
        foreach ((string element, Entry entry) in entries)
        {
            if (other.entries.TryGetValue(element, out Entry? there))
            {
                set.Add(element, entry.IsMember && there.IsMember, entry.Children.Intersect(there.Children));
            }
        }

        return set;
    }

    /// <summary>The set without a path and all that lies below it.</summary>
    public FieldSet Without(params ReadOnlySpan<string> path)
    {
        FieldSet set = new();
        foreach ((string element, Entry entry) in entries)
        {
            if (element != path[0])
            {
                set.entries[element] = entry;
            }
            else if (path.Length > 1)
            {
                set.Add(element, entry.IsMember, entry.Children.Without(path[1..]));
            }
        }

        return set;
    }

    /// <summary>The set with every named field above a member made a member too.</summary>
    public FieldSet WithNamedParents()
    {
        FieldSet set = new();
        foreach ((string element, Entry entry) in entries)
        {
            set.Add(element, entry.IsMember || element.StartsWith("f:", StringComparison.Ordinal), entry.Children.WithNamedParents());
        }

        return set;
    }

    public bool Same(FieldSet other) =>
        entries.Count == other.entries.Count && entries.All(pair =>
            other.entries.TryGetValue(pair.Key, out Entry? there) && there.IsMember == pair.Value.IsMember && pair.Value.Children.Same(there.Children));

    public bool IsMember(string element) => entries.TryGetValue(element, out Entry? entry) && entry.IsMember;

    /// <summary>What lies below an element; null if nothing.</summary>
    public FieldSet? Below(string element) => entries.GetValueOrDefault(element)?.Children;

    /// <summary>The paths as messages show them: <c>.spec.containers[name="web"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        foreach ((string element, Entry entry) in entries)
        {
            string path = prefix + Show(element);
            if (entry.IsMember)
            {
                yield return path;
            }

            foreach (string below in entry.Children.Paths(path))
            {
                yield return below;
            }
        }
    }

    private static string Show(string element)
    {
        string text = element[2..];
        switch (element[0])
        {
            case 'f':
                return "." + text;
            case 'k':
                StringBuilder keys = new();
                foreach ((string name, JsonNode? value) in JsonNode.Parse(text)!.AsObject())
                {
                    keys.Append(keys.Length == 0 ? "[" : ",").Append(name).Append('=').Append(Json.Line(value));
                }

                return keys.Append(']').ToString();
            case 'v':
                return "[=" + text + "]";
            default:
                return "[" + text + "]";
        }
    }

    private sealed record Entry(bool IsMember, FieldSet Children);
}
