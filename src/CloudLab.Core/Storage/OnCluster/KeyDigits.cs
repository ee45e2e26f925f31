namespace CloudLab.Core.Storage.OnCluster;

/// <summary>The characters that may stand at one place of some keys, as digits.</summary>
internal sealed class KeyDigits
{
    private readonly SortedSet<int> ascii;
    private readonly int from, to;

    /// <summary>Makes digits of the characters that were seen.</summary>
    /// <param name="seen">Characters; of those beyond ASCII all that lie between them count too.</param>
    public KeyDigits(IEnumerable<int> seen)
    {
        int[] all = [.. seen.Distinct()], other = [.. all.Where(one => one > KeyText.Ascii)];
        ascii = KeyText.Alphabet(all.Where(one => one <= KeyText.Ascii));
        (from, to) = other.Length == 0 ? (KeyText.Ascii, KeyText.Ascii) : (other.Min() - 1, other.Max());
    }

    /// <summary>How many there are.</summary>
    public int Count => ascii.Count + to - from;

    /// <summary>Which digit a key has there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="at">The place.</param>
    /// <returns>From 1 on; 0 where the key ends before.</returns>
    public int Place(int[] key, int at) => at >= key.Length ? 0
        : key[at] <= KeyText.Ascii ? 1 + ascii.Count(digit => digit < key[at])
        : ascii.Count + Math.Clamp(key[at] - from, 1, Math.Max(1, to - from));
}
