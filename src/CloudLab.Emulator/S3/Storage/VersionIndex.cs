using KeyOrder = CloudLab.Core.Storage.Listing.KeyOrder;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// The objects of a bucket in all their versions. What a plain list shows is an index of its own, so that it costs
/// nothing that there could be versions. Not synchronized.
/// </summary>
internal sealed class VersionIndex
{
    private readonly KeyIndex<KeyHistory> older = new();

    /// <summary>The current objects: the newest version of each key, where that is no delete marker.</summary>
    public KeyIndex<S3Object> Current { get; } = new();

    /// <summary>True where there is nothing, in no version.</summary>
    public bool IsEmpty => Current.Count == 0 && older.Count == 0;

    /// <summary>Every version there is.</summary>
    public IEnumerable<S3Object> All
    {
        get
        {
            for (string? key = KeyFrom(""); key is not null; key = KeyAfter(key))
            {
                foreach (S3Object version in Versions(key))
                {
                    yield return version;
                }
            }
        }
    }

    /// <summary>The newest version of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>An object or a delete marker; null where there is neither.</returns>
    public S3Object? Latest(string key) => Current.Find(key) ?? (older.Count == 0 ? null : older.Find(key)?.Versions[^1]);

    /// <summary>A version of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="versionId">The version's id.</param>
    /// <returns>An object or a delete marker; null where there is neither.</returns>
    public S3Object? Find(string key, string versionId) =>
        Current.Find(key) is { } current && current.VersionId == versionId
            ? current
            : older.Find(key)?.Versions.Find(version => version.VersionId == versionId);

    /// <summary>The versions of a key, the newest first.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Objects and delete markers.</returns>
    public IEnumerable<S3Object> Versions(string key)
    {
        IEnumerable<S3Object> history = older.Find(key) is { } kept ? Enumerable.Reverse(kept.Versions) : [];
        return Current.Find(key) is { } current ? history.Prepend(current) : history;
    }

    /// <summary>The first key that is not before another.</summary>
    /// <param name="key">The other key.</param>
    /// <returns>A key that has a version; null where none follows.</returns>
    public string? KeyFrom(string key) => First(Current.From(key), older.From(key));

    /// <summary>The first key after another.</summary>
    /// <param name="key">The other key.</param>
    /// <returns>A key that has a version; null where none follows.</returns>
    public string? KeyAfter(string key) => First(Current.After(key), older.After(key));

    /// <summary>The first key behind all that begin with a prefix.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <returns>A key that has a version; null where none follows.</returns>
    public string? KeyAfterPrefix(string prefix) =>
        First(Current.AfterPrefix(Current.From(prefix), prefix), older.AfterPrefix(older.From(prefix), prefix));

    /// <summary>Adds the newest version of a key. The null version takes the place of the null version that was there.</summary>
    /// <param name="value">An object or a delete marker.</param>
    /// <returns>The version that it replaced, or null.</returns>
    public S3Object? Add(S3Object value)
    {
        S3Object? current = Current.Find(value.Key), replaced = null;
        if (value.VersionId == VersionId.Null)
        {
            if (current?.VersionId == VersionId.Null)
            {
                replaced = current;
                current = null;
            }
            else
            {
                replaced = RemoveOlder(value.Key, VersionId.Null);
            }
        }

        if (current is not null)
        {
            Push(current);
        }

        if (value.IsMarker)
        {
            Current.Remove(value.Key);
            Push(value);
        }
        else
        {
            Current.Put(value);
        }

        return replaced;
    }

    /// <summary>Puts a changed version where it was.</summary>
    /// <param name="changed">The version, with its key and id.</param>
    public void Replace(S3Object changed)
    {
        if (Current.Find(changed.Key)?.VersionId == changed.VersionId)
        {
            Current.Put(changed);
            return;
        }

        List<S3Object> versions = older.Find(changed.Key)!.Versions;
        versions[versions.FindIndex(version => version.VersionId == changed.VersionId)] = changed;
    }

    /// <summary>Removes a version; the one before it is then the newest.</summary>
    /// <param name="value">The version.</param>
    public void Remove(S3Object value)
    {
        if (Current.Find(value.Key)?.VersionId == value.VersionId)
        {
            Current.Remove(value.Key);
        }
        else
        {
            RemoveOlder(value.Key, value.VersionId);
        }

        if (older.Count > 0 && Current.Find(value.Key) is null && older.Find(value.Key)?.Versions[^1] is { IsMarker: false } next)
        {
            RemoveOlder(next.Key, next.VersionId);
            Current.Put(next);
        }
    }

    private void Push(S3Object value)
    {
        KeyHistory? history = older.Find(value.Key);
        if (history is null)
        {
            older.Put(history = new KeyHistory(value.Key));
        }

        history.Versions.Add(value);
    }

    private S3Object? RemoveOlder(string key, string versionId)
    {
        if (older.Count == 0 || older.Find(key) is not { } history
            || history.Versions.FindIndex(version => version.VersionId == versionId) is not (>= 0 and var index))
        {
            return null;
        }

        S3Object found = history.Versions[index];
        history.Versions.RemoveAt(index);
        if (history.Versions.Count == 0)
        {
            older.Remove(key);
        }

        return found;
    }

    private string? First(int current, int history)
    {
        string? a = current < Current.Count ? Current[current].Key : null, b = history < older.Count ? older[history].Key : null;
        return a is null || b is null ? a ?? b : KeyOrder.Compare(a, b) <= 0 ? a : b;
    }
}
