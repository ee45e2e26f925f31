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
/// Where it is not: of the keys behind the page, the first that differs from its last one at each depth where any does, deepest first.
/// </param>
/// <param name="before">How many keys before it could not be divided otherwise than page after page.</param>
internal sealed class KeySegment(
    string? after, string? end, IReadOnlyList<string> page, long bytes, bool isWhole, IReadOnlyList<string>? beyond = null, int before = 0)
{
    // That many characters of a page's keys decide; further ones are beyond the precision of the estimate.
    private const int Depth = 12;

    /// <summary>It begins behind this key; null for the beginning of the listing.</summary>
    public string? After => after;

    /// <summary>No key of it sorts after this; null where that is not known.</summary>
    public string? End => end;

    /// <summary>True where the page is all of it.</summary>
    public bool IsWhole => isWhole;

    /// <summary>How many keys it has: counted where the page is all of it, else by how far the page comes in the space of its keys.</summary>
    public double Count { get; } = isWhole ? page.Count : Math.Max(before, Estimate(end, page, beyond ?? []));

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
            int[] last = KeyText.Points(Last), next = KeyText.Points(beyond![^1]);
            int depth = KeyText.Shared(last, next);

            // A key that is just what would separate the two does not show behind it.
            string? behind = depth < last.Length ? KeyText.Behind(last, depth + 1) : null;
            return (last[..depth], next[depth], behind is null || behind == beyond[^1] ? Last : behind);
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
    /// <param name="keys">Keys, deepest first; where there are none, the page is all of it.</param>
    /// <returns>Another segment.</returns>
    public KeySegment With(IReadOnlyList<string> keys) => new(after, end, page, bytes, isWhole || keys.Count == 0, keys, before);

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
        new KeySegment(after, otherEnd, page, bytes, isWhole).With([.. beyond!.Where(key => KeyOrder.Compare(key, otherEnd) <= 0)]);

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

    // Keys as numbers: each character is a digit among those that may stand there. A page of 'img-0001' to 'img-1000' is then a tenth of
    // what ends with 'img-9999'. Where nothing behind the page differs, there is no choice and so no digit: that is known of every depth
    // above those at which the page's own keys differ.
    private static double Estimate(string? end, IReadOnlyList<string> page, IReadOnlyList<string> beyond)
    {
        if (end is null || beyond.Count == 0)
        {
            return double.PositiveInfinity;
        }

        int[] first = KeyText.Points(page[0]), last = KeyText.Points(page[^1]), bound = KeyText.Points(end);
        int[][] keys = [.. page.Select(KeyText.Points)];
        Dictionary<int, int[]> next = beyond.Select(KeyText.Points).DistinctBy(key => KeyText.Shared(last, key)).ToDictionary(key => KeyText.Shared(last, key));
        int start = KeyText.Shared(first, bound), own = KeyText.Shared(first, last), exhausted = next.Keys.Max();
        double covered = 0, all = 0, unit = 1;
        for (int i = start, to = Math.Max(own, exhausted) + Depth; i < to; i++)
        {
            IEnumerable<int> seen = i < own ? [.. At(last, i)] : keys.SelectMany(key => At(key, i));
            seen = [.. seen, .. next.TryGetValue(i, out int[]? other) ? At(other, i) : [], .. i == start ? At(bound, i) : []];
            if (i < own && seen.Count() < 2)
            {
                continue;
            }

            KeyDigits digits = new(seen);
            unit /= digits.Count + 1;

            // The page comes as far as all that begins like its last key at the depth where something else follows.
            int reached = i < exhausted ? digits.Place(last, i) : i == exhausted ? digits.Place(last, i) + 1 : 0;
            covered += unit * (reached - digits.Place(first, i));
            all += unit * ((i == start ? digits.Place(bound, i) : 0) - digits.Place(first, i));
        }

        return covered <= 0 ? page.Count * 2 : Math.Max(page.Count + 1, page.Count * (all / covered));

        static int[] At(int[] key, int place) => place < key.Length ? [key[place]] : [];
    }
}
