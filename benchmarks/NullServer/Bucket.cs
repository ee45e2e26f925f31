using System.Collections.Concurrent;
using System.Globalization;
using CloudLab.Core.Storage.Listing;

namespace CloudLab.NullServer;

/// <summary>A bucket. One with a name such as <c>keys-100000</c> comes with that many objects of 16 KiB; <see cref="KeyShape"/> has the other names.</summary>
internal sealed class Bucket
{
    private readonly string name;
    private readonly ConcurrentDictionary<string, StoredObject> objects = new(StringComparer.Ordinal);
    private int generation;
    private volatile Listing? listing;

    public Bucket(string name)
    {
        this.name = name;
        string[] parts = name.Split('-');
        if (parts.Length == 2 && KeyShape.All.TryGetValue(parts[0], out Func<int, int, string>? key) && int.TryParse(parts[1], out int count))
        {
            StoredObject stored = new(16 * 1024, "", DateTime.UtcNow);
            for (int i = 0; i < count; i++)
            {
                objects[key(i, count)] = stored;
            }
        }
    }

    /// <summary>Finds an object. Any key that ends in <c>size-</c> and a number is one of that size.</summary>
    /// <param name="key">Key.</param>
    /// <returns>The object, or null.</returns>
    public StoredObject? Find(string key)
    {
        if (objects.TryGetValue(key, out StoredObject? stored))
        {
            return stored;
        }

        int mark = key.LastIndexOf("size-", StringComparison.Ordinal);
        return mark >= 0 && long.TryParse(key.AsSpan(mark + 5), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? new StoredObject(size, "", DateTime.UnixEpoch)
            : null;
    }

    public void Put(string key, StoredObject stored)
    {
        objects[key] = stored;
        Interlocked.Increment(ref generation);
    }

    public void Remove(string key)
    {
        objects.TryRemove(key, out _);
        Interlocked.Increment(ref generation);
    }

    /// <summary>A page of the keys.</summary>
    /// <param name="query">Which page.</param>
    /// <returns>XML.</returns>
    public byte[] List(ListQuery query)
    {
        int now = Volatile.Read(ref generation);
        if (listing is not { } current || current.Generation != now)
        {
            KeyValuePair<string, StoredObject>[] sorted = objects.ToArray();
            Array.Sort(sorted, (a, b) => KeyOrder.Compare(a.Key, b.Key));
            listing = current = new Listing(now, sorted);
        }

        return current.Page(name, query);
    }
}
