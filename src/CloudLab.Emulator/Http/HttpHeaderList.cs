using System.Collections;

namespace CloudLab.Emulator.Http;

/// <summary>Header fields in order; names compare without case, and a name may stand more than once.</summary>
public sealed class HttpHeaderList : IEnumerable<(string Name, string Value)>
{
    private readonly List<(string Name, string Value)> fields = [];

    /// <summary>Adds a field.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value; line breaks are refused.</param>
    public void Add(string name, string value)
    {
        if (value.AsSpan().IndexOfAny('\r', '\n') >= 0)
        {
            throw new ArgumentException("A header value cannot hold a line break.", nameof(value));
        }

        fields.Add((name, value));
    }

    /// <summary>Removes all fields.</summary>
    public void Clear() => fields.Clear();

    /// <summary>The first field of a name, or null.</summary>
    /// <param name="name">Name, in any case.</param>
    /// <returns>Its value.</returns>
    public string? Get(string name)
    {
        foreach ((string candidate, string value) in fields)
        {
            if (string.Equals(candidate, name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>All fields of a name, in order.</summary>
    /// <param name="name">Name, in any case.</param>
    /// <returns>Their values.</returns>
    public IEnumerable<string> All(string name) =>
        fields.Where(field => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    /// <summary>Whether a field of that name is there.</summary>
    /// <param name="name">Name, in any case.</param>
    /// <returns>True if so.</returns>
    public bool Contains(string name) => Get(name) is not null;

    /// <inheritdoc/>
    public IEnumerator<(string Name, string Value)> GetEnumerator() => fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
