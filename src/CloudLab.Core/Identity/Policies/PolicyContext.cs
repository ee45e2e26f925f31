namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// What is known of a request, by condition key (<c>aws:username</c>, <c>s3:prefix</c>). Case of a key does not
/// count. A key that was never set is absent, which is not the same as empty.
/// </summary>
public sealed class PolicyContext
{
    private readonly Dictionary<string, IReadOnlyList<string>> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets a key.</summary>
    /// <param name="key">Condition key.</param>
    /// <param name="value">Its value, or values where the key has several.</param>
    /// <returns>The same context.</returns>
    public PolicyContext Set(string key, params string[] value)
    {
        values[key] = value;
        return this;
    }

    /// <summary>The keys that are set, with their values.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<string>> Entries => values;

    /// <summary>The values of a key.</summary>
    /// <param name="key">Condition key.</param>
    /// <returns>Its values, or null where the request has no such key.</returns>
    public IReadOnlyList<string>? Get(string key) => values.GetValueOrDefault(key);
}
