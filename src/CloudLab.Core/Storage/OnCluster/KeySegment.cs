using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>A stretch of a listing of which the first page is known.</summary>
/// <param name="after">It begins behind this key; null for the beginning of the listing.</param>
/// <param name="end">No key of it sorts after this; null where that is not known.</param>
/// <param name="page">Its first keys.</param>
/// <param name="bytes">Size of the objects of that page.</param>
/// <param name="isWhole">True where the page is all of it.</param>
internal sealed class KeySegment(string? after, string? end, IReadOnlyList<string> page, long bytes, bool isWhole)
{
    // That many characters of a key decide; further ones are beyond the precision of the estimate.
    private const int Depth = 12;

    /// <summary>It begins behind this key; null for the beginning of the listing.</summary>
    public string? After => after;

    /// <summary>No key of it sorts after this; null where that is not known.</summary>
    public string? End => end;

    /// <summary>True where the page is all of it.</summary>
    public bool IsWhole => isWhole;

    /// <summary>How many keys it has: counted where the page is all of it, else by how far the page comes in the space of its keys.</summary>
    public double Count { get; } = isWhole ? page.Count : Estimate(end, page);

    /// <summary>Size of its objects, if the others are like those of the page.</summary>
    public double Size => page.Count == 0 ? 0 : Count / page.Count * bytes;

    /// <summary>The page's last key.</summary>
    public string Last => page[^1];

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

    /// <summary>The same page, of a stretch that ends elsewhere.</summary>
    /// <param name="otherEnd">No key of it sorts after this.</param>
    /// <returns>Another segment.</returns>
    public KeySegment EndingWith(string? otherEnd) => new(after, otherEnd, page, bytes, isWhole);

    /// <summary>The same page, as all there is.</summary>
    /// <returns>Another segment.</returns>
    public KeySegment AsWhole() => new(after, end, page, bytes, isWhole: true);

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
    // what ends with 'img-9999'.
    private static double Estimate(string? end, IReadOnlyList<string> page)
    {
        if (end is null)
        {
            return double.PositiveInfinity;
        }

        int[] first = KeyText.Points(page[0]), last = KeyText.Points(page[^1]), bound = KeyText.Points(end);
        int start = KeyText.Shared(first, bound);
        int[][] known = [.. page.Select(KeyText.Points), bound];
        SortedSet<int>[] digits = [.. Enumerable.Range(start, Depth).Select(at => KeyText.Alphabet(known.Where(key => key.Length > at).Select(key => key[at])))];
        double from = Place(first), covered = Place(last) - from, all = Place(bound) - from;
        return covered <= 0 ? page.Count * 2 : Math.Max(page.Count + 1, page.Count * (all / covered));

        double Place(int[] key)
        {
            double place = 0, unit = 1;
            for (int i = 0; i < Depth && start + i < key.Length; i++)
            {
                unit /= digits[i].Count + 1;
                place += unit * (1 + digits[i].Count(digit => digit < key[start + i]));
            }

            return place;
        }
    }
}
