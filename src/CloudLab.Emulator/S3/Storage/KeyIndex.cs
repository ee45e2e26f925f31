using KeyOrder = CloudLab.Core.Storage.Listing.KeyOrder;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>Things by key, in S3's order. A sorted array: a million keys move in well under a millisecond. Not synchronized.</summary>
/// <typeparam name="T">What has a key.</typeparam>
internal sealed class KeyIndex<T>
    where T : class, IKeyed
{
    private readonly List<T> sorted = [];

    /// <summary>Number of things.</summary>
    public int Count => sorted.Count;

    /// <summary>The thing at a place in the order.</summary>
    /// <param name="index">The place.</param>
    public T this[int index] => sorted[index];

    /// <summary>Finds a thing.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The thing, or null.</returns>
    public T? Find(string key) => IndexOf(key) is >= 0 and var index ? sorted[index] : null;

    /// <summary>Adds or replaces a thing.</summary>
    /// <param name="value">The thing.</param>
    /// <returns>The one it replaced, or null.</returns>
    public T? Put(T value)
    {
        int index = IndexOf(value.Key);
        if (index >= 0)
        {
            T old = sorted[index];
            sorted[index] = value;
            return old;
        }

        sorted.Insert(~index, value);
        return null;
    }

    /// <summary>Removes a thing.</summary>
    /// <param name="key">Its key.</param>
    /// <returns>The thing, or null where there was none.</returns>
    public T? Remove(string key)
    {
        int index = IndexOf(key);
        if (index < 0)
        {
            return null;
        }

        T old = sorted[index];
        sorted.RemoveAt(index);
        return old;
    }

    /// <summary>The first place whose key is not before a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The place; <see cref="Count"/> where all are before it.</returns>
    public int From(string key) => IndexOf(key) is var index && index >= 0 ? index : ~index;

    /// <summary>The first place whose key is after a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The place; <see cref="Count"/> where none is after it.</returns>
    public int After(string key) => IndexOf(key) is var index && index >= 0 ? index + 1 : ~index;

    /// <summary>The first place at or after another whose key does not begin with a prefix.</summary>
    /// <param name="start">Where the keys of that prefix begin.</param>
    /// <param name="prefix">The prefix.</param>
    /// <returns>The place.</returns>
    public int AfterPrefix(int start, string prefix)
    {
        int low = start, high = sorted.Count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (sorted[middle].Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private int IndexOf(string key)
    {
        int low = 0, high = sorted.Count - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) / 2);
            int order = KeyOrder.Compare(sorted[middle].Key, key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
