using System.Text.Json.Nodes;

namespace CloudLab.Core.Common.Yaml;

/// <summary>A place in a text.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
internal readonly record struct SourceMark(int Line, int Column);

/// <summary>Where the members of mappings and the items of lists stand in the text that they were read from.</summary>
internal sealed class SourceMap
{
    private readonly Dictionary<JsonNode, List<(string Key, SourceMark Mark)>> members = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<JsonNode, List<SourceMark>> items = new(ReferenceEqualityComparer.Instance);

    /// <summary>Notes where a member stands.</summary>
    /// <param name="map">The mapping.</param>
    /// <param name="key">Its key.</param>
    /// <param name="mark">Where the key stands.</param>
    public void Add(JsonObject map, string key, SourceMark mark)
    {
        if (!members.TryGetValue(map, out List<(string, SourceMark)>? own))
        {
            members[map] = own = [];
        }

        own.Add((key, mark));
    }

    /// <summary>Notes where the next item of a list stands.</summary>
    /// <param name="list">The list.</param>
    /// <param name="mark">Where the item begins.</param>
    public void Add(JsonArray list, SourceMark mark)
    {
        if (!items.TryGetValue(list, out List<SourceMark>? own))
        {
            items[list] = own = [];
        }

        own.Add(mark);
    }

    /// <summary>Where a member stands.</summary>
    /// <param name="map">The mapping.</param>
    /// <param name="key">Its key; of several that are the same the last one counts.</param>
    /// <returns>Where its key stands; null for what was not read from the text.</returns>
    public SourceMark? Of(JsonObject map, string key)
    {
        for (int i = members.TryGetValue(map, out List<(string Key, SourceMark Mark)>? own) ? own.Count - 1 : -1; i >= 0; i--)
        {
            if (own![i].Key == key)
            {
                return own[i].Mark;
            }
        }

        return null;
    }

    /// <summary>Where an item of a list stands.</summary>
    /// <param name="list">The list.</param>
    /// <param name="index">Its place, from 0.</param>
    /// <returns>Where it begins; null for what was not read from the text.</returns>
    public SourceMark? Of(JsonArray list, int index) => items.TryGetValue(list, out List<SourceMark>? own) && index < own.Count ? own[index] : null;

    /// <summary>Gives a copy the places of what it was copied from.</summary>
    /// <param name="from">What stands in the text.</param>
    /// <param name="copy">Its copy.</param>
    public void Copy(JsonNode? from, JsonNode? copy)
    {
        if (from is JsonObject map && copy is JsonObject other)
        {
            if (members.TryGetValue(map, out List<(string, SourceMark)>? own))
            {
                members[other] = own;
            }

            foreach ((string key, JsonNode? value) in map)
            {
                Copy(value, other[key]);
            }
        }
        else if (from is JsonArray list && copy is JsonArray same)
        {
            if (items.TryGetValue(list, out List<SourceMark>? own))
            {
                items[same] = own;
            }

            for (int i = 0; i < list.Count; i++)
            {
                Copy(list[i], same[i]);
            }
        }
    }
}
