using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>A stretch of a listing of which the first page is known.</summary>
/// <param name="after">It begins behind this key; null for the beginning of the listing.</param>
/// <param name="end">No key of it sorts after this; null where that is not known.</param>
/// <param name="page">Its first keys.</param>
/// <param name="bytes">Size of the objects of that page.</param>
/// <param name="isWhole">True where the page is all of it.</param>
/// <param name="beyond">
/// Where it is not: what is behind the page at each depth where keys there differ from its last one, deepest first.
/// </param>
/// <param name="before">How many keys before it could not be divided otherwise than page after page.</param>
internal sealed class KeySegment(
    string? after, string? end, IReadOnlyList<string> page, long bytes, bool isWhole, IReadOnlyList<KeyBeyond>? beyond = null, int before = 0)
{
    // That many characters of a page's keys decide; further ones are beyond the precision of the estimate.
    private const int Depth = 12;

    // Fewer keys at the end of a page tell nothing.
    private const int Fewest = 4;

    /// <summary>It begins behind this key; null for the beginning of the listing.</summary>
    public string? After => after;

    /// <summary>No key of it sorts after this; null where that is not known.</summary>
    public string? End => end;

    /// <summary>True where the page is all of it.</summary>
    public bool IsWhole => isWhole;

    /// <summary>How many keys it has: counted where the page is all of it, else by how far the page comes in the space of its keys.</summary>
    public double Count { get; } = isWhole ? page.Count : Math.Max(before, Estimate(end, page, beyond ?? []));

    /// <summary>
    /// How many what begins as the page's last keys do may have, at the depth where that is most; 0 where the page is all of it. A page may
    /// pass many bunches of keys that are small, and end in one that is not.
    /// </summary>
    public double Most { get; } = isWhole || end is null || beyond is not { Count: > 0 } ? 0 : Suspect(page, beyond);

    private IReadOnlyList<string> Page => page;

    private int Before => before;

    /// <summary>Size of its objects, if the others are like those of the page.</summary>
    public double Size => page.Count == 0 ? 0 : Count / page.Count * bytes;

    /// <summary>The page's last key.</summary>
    public string Last => page[^1];

    /// <summary>
    /// Where the keys behind the page first differ from its last one: what they have in common with it, the next character there, and what
    /// separates the two.
    /// </summary>
    public (int[] Stem, int Next, string Behind) Branch
    {
        get
        {
            int[] last = KeyText.Points(Last), next = KeyText.Points(beyond![^1].Key);
            int depth = KeyText.Shared(last, next);

            // A key that is just what would separate the two does not show behind it.
            string? behind = depth < last.Length ? KeyText.Behind(last, depth + 1) : null;
            return (last[..depth], next[depth], behind is null || behind == beyond[^1].Key ? Last : behind);
        }
    }

    /// <summary>Reads a page of a listing as a segment.</summary>
    /// <param name="after">Where it begins.</param>
    /// <param name="end">Where it ends, or null.</param>
    /// <param name="page">The page.</param>
    /// <returns>The segment.</returns>
    public static KeySegment Of(string? after, string? end, ListingPage page)
    {
        List<LabObject> inside = [.. page.Entries.Cast<LabObject>().Where(found => end is null || KeyOrder.Compare(found.Key, end) <= 0)];
        return new KeySegment(
            after, end, [.. inside.Select(found => found.Key)], inside.Sum(found => found.Size), !page.IsTruncated || inside.Count < page.Entries.Count);
    }

    /// <summary>The same, with what is behind its page.</summary>
    /// <param name="keys">What is there, deepest first; where nothing is, the page is all of it.</param>
    /// <returns>Another segment.</returns>
    public KeySegment With(IReadOnlyList<KeyBeyond> keys) => new(after, end, page, bytes, isWhole || keys.Count == 0, keys, before);

    /// <summary>
    /// The same, of what was left when one page was taken from a stretch. No page tells how far ever deeper keys go on: there is taken to be
    /// at least as much to come as there was already.
    /// </summary>
    /// <param name="page">The segment of that page.</param>
    /// <returns>Another segment.</returns>
    public KeySegment Behind(KeySegment page) => new(after, end, Page, bytes, isWhole, beyond, page.Before + page.Page.Count);

    /// <summary>The same page, of a stretch that ends elsewhere.</summary>
    /// <param name="otherEnd">No key of it sorts after this.</param>
    /// <returns>Another segment.</returns>
    public KeySegment EndingWith(string otherEnd) =>
        new KeySegment(after, otherEnd, page, bytes, isWhole).With([.. beyond!.Where(one => KeyOrder.Compare(one.Key, otherEnd) <= 0)]);

    /// <summary>Cuts what is all there is, and so is known key by key; any other stays as it is.</summary>
    /// <param name="most">How many keys a part shall have at most.</param>
    /// <returns>Parts of equal size, in the order of their keys.</returns>
    public IEnumerable<KeySegment> Parts(int most)
    {
        int parts = isWhole ? (page.Count + most - 1) / most : 1;
        if (parts <= 1)
        {
            return [this];
        }

        return Enumerable.Range(0, parts).Select(part =>
        {
            int from = page.Count * part / parts, to = page.Count * (part + 1) / parts;
            return new KeySegment(
                part == 0 ? after : page[from - 1], part == parts - 1 ? end : page[to - 1], [.. page.Skip(from).Take(to - from)], bytes * (to - from) / page.Count, isWhole: true);
        });
    }

    private static double Estimate(string? end, IReadOnlyList<string> page, IReadOnlyList<KeyBeyond> beyond)
    {
        if (end is null || beyond.Count == 0)
        {
            return double.PositiveInfinity;
        }

        int[][] keys = [.. page.Select(KeyText.Points)];
        int[] bound = KeyText.Points(end);
        return Estimate(keys, ByDepth(keys[^1], beyond), KeyText.Shared(keys[0], bound), bound);
    }

    private static double Suspect(IReadOnlyList<string> page, IReadOnlyList<KeyBeyond> beyond)
    {
        int[][] keys = [.. page.Select(KeyText.Points)];
        Dictionary<int, int[]> next = ByDepth(keys[^1], beyond);
        double most = 0;
        foreach (int depth in next.Keys)
        {
            int from = Array.FindIndex(keys, key => KeyText.Shared(key, keys[^1]) >= depth);
            if (keys.Length - from >= Fewest)
            {
                most = Math.Max(most, Estimate(keys[from..], next, depth, null));
            }
        }

        return most;
    }

    private static Dictionary<int, int[]> ByDepth(int[] last, IReadOnlyList<KeyBeyond> beyond)
    {
        Dictionary<int, int[]> next = [];
        foreach (KeyBeyond one in beyond)
        {
            int[] key = KeyText.Points(one.Key);
            int depth = KeyText.Shared(last, key);
            next.TryAdd(depth, [key[depth], .. one.Further]);
        }

        return next;
    }

    // Keys as numbers: each character is a digit among those that may stand there. A page of 'img-0001' to 'img-1000' is then a tenth of
    // what ends with 'img-9999'. Where nothing behind the page differs, there is no choice and so no digit: that is known of every depth
    // above those at which the page's own keys differ. Without a bound: of all that begins as they do.
    private static double Estimate(int[][] keys, Dictionary<int, int[]> next, int start, int[]? bound)
    {
        int[] first = keys[0], last = keys[^1];
        int own = KeyText.Shared(first, last), exhausted = next.Keys.Max();
        double covered = 0, all = 0, unit = 1;
        for (int i = start, to = Math.Max(own, exhausted) + Depth; i < to; i++)
        {
            IEnumerable<int> seen = i < own ? [.. At(last, i)] : keys.SelectMany(key => At(key, i));
            seen = [.. seen, .. next.TryGetValue(i, out int[]? other) ? other : [], .. i == start && bound is not null ? At(bound, i) : []];
            if (i < own && seen.Count() < 2)
            {
                continue;
            }

            KeyDigits digits = new(seen);
            unit /= digits.Count + 1;

            // The page comes as far as all that begins like its last key at the depth where something else follows.
            int reached = i < exhausted ? digits.Place(last, i) : i == exhausted ? digits.Place(last, i) + 1 : 0;
            covered += unit * (reached - digits.Place(first, i));
            all += unit * ((i > start ? 0 : bound is null ? digits.Count + 1 : digits.Place(bound, i)) - digits.Place(first, i));
        }

        return covered <= 0 ? keys.Length * 2 : Math.Max(keys.Length + 1, keys.Length * (all / covered));

        static int[] At(int[] key, int place) => place < key.Length ? [key[place]] : [];
    }
}

/// <summary>What is behind a page at one depth.</summary>
/// <param name="Key">The first key that differs from the page's last one there.</param>
/// <param name="Further">Other characters that keys have there which are the same up to there: one of each kind, and about the last.</param>
internal readonly record struct KeyBeyond(string Key, IReadOnlyList<int> Further);
