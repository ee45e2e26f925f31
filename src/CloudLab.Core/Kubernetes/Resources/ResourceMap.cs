using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>
/// Part of a Kubernetes object as a dictionary: fields in the server's order, found whatever their case, so that
/// <c>$pod.Status.Phase</c> reads <c>status.phase</c>. Values are strings, <see cref="long"/>, <see cref="double"/>,
/// booleans, arrays and further dictionaries. It can be changed; setting a field that is there in other case changes that one.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The name says what it is.")]
public sealed class ResourceMap : IDictionary, IReadOnlyDictionary<string, object?>
{
    private readonly List<string> order = [];
    private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

    /// <summary>An empty map.</summary>
    public ResourceMap()
    {
    }

    internal ResourceMap(JsonObject source)
    {
        foreach ((string key, JsonNode? value) in source)
        {
            order.Add(key);
            values[key] = FromJson(value);
        }
    }

    /// <inheritdoc/>
    public int Count => order.Count;

    /// <summary>The field names in order.</summary>
    public ICollection Keys => order;

    /// <summary>The values in order.</summary>
    public ICollection Values => order.ConvertAll(key => values[key]);

    bool IDictionary.IsFixedSize => false;

    bool IDictionary.IsReadOnly => false;

    bool ICollection.IsSynchronized => false;

    object ICollection.SyncRoot => values;

    IEnumerable<string> IReadOnlyDictionary<string, object?>.Keys => order;

    IEnumerable<object?> IReadOnlyDictionary<string, object?>.Values => order.Select(key => values[key]);

    /// <summary>A field.</summary>
    /// <param name="key">Its name, in any case; the exact one is looked for first.</param>
    /// <returns>Its value, or null where there is none.</returns>
    public object? this[string key]
    {
        get => Find(key) is { } found ? values[found] : null;
        set
        {
            string? found = Find(key);
            if (found is null)
            {
                order.Add(key);
            }

            values[found ?? key] = value;
        }
    }

    object? IDictionary.this[object key]
    {
        get => this[Name(key)];
        set => this[Name(key)] = value;
    }

    /// <summary>Whether there is a field.</summary>
    /// <param name="key">Its name, in any case.</param>
    /// <returns>True if so.</returns>
    public bool ContainsKey(string key) => Find(key) is not null;

    /// <summary>Adds a field.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="value">Its value.</param>
    public void Add(object key, object? value) => this[Name(key)] = value;

    /// <summary>Removes all fields.</summary>
    public void Clear()
    {
        order.Clear();
        values.Clear();
    }

    /// <summary>Whether there is a field.</summary>
    /// <param name="key">Its name, in any case.</param>
    /// <returns>True if so.</returns>
    public bool Contains(object key) => Find(Name(key)) is not null;

    /// <summary>Removes a field.</summary>
    /// <param name="key">Its name, in any case.</param>
    public void Remove(object key)
    {
        if (Find(Name(key)) is { } found)
        {
            order.Remove(found);
            values.Remove(found);
        }
    }

    /// <inheritdoc/>
    public bool TryGetValue(string key, out object? value)
    {
        string? found = Find(key);
        value = found is null ? null : values[found];
        return found is not null;
    }

    /// <inheritdoc/>
    public void CopyTo(Array array, int index)
    {
        foreach (string key in order)
        {
            array.SetValue(new DictionaryEntry(key, values[key]), index++);
        }
    }

    /// <inheritdoc/>
    public IDictionaryEnumerator GetEnumerator() => new Enumerator(this);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    IEnumerator<KeyValuePair<string, object?>> IEnumerable<KeyValuePair<string, object?>>.GetEnumerator() =>
        order.Select(key => KeyValuePair.Create(key, values[key])).GetEnumerator();

    /// <summary>The map as JSON.</summary>
    /// <returns>One line of JSON.</returns>
    public override string ToString() => ObjectJson.Of(this)!.ToJsonString();

    /// <summary>A JSON value as a .NET one.</summary>
    /// <param name="node">The value.</param>
    /// <returns>Null, string, boolean, long, double, array or <see cref="ResourceMap"/>.</returns>
    internal static object? FromJson(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => new ResourceMap(map),
        JsonArray list => list.Select(FromJson).ToArray(),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => Number(node.AsValue()),
            _ => null,
        },
    };

    private static object Number(JsonValue value) =>
        value.TryGetValue(out long whole) ? whole
        : value.TryGetValue(out int small) ? (long)small
        : value.TryGetValue(out double number) ? number
        : value.ToString();

    private static string Name(object key) => key as string ?? key?.ToString() ?? "";

    private string? Find(string key) =>
        values.ContainsKey(key) ? key : order.Find(name => string.Equals(name, key, StringComparison.OrdinalIgnoreCase));

    private sealed class Enumerator(ResourceMap map) : IDictionaryEnumerator
    {
        private int at = -1;

        public DictionaryEntry Entry => new(map.order[at], map.values[map.order[at]]);

        public object Key => map.order[at];

        public object? Value => map.values[map.order[at]];

        public object Current => Entry;

        public bool MoveNext() => ++at < map.order.Count;

        public void Reset() => at = -1;
    }
}
