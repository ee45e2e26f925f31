namespace CloudLab.Core.Storage.OnCluster;

/// <summary>Cuts a listing into ranges of about the same number of keys.</summary>
internal static class KeyCuts
{
    /// <summary>Cuts.</summary>
    /// <param name="segments">The listing as it was sampled.</param>
    /// <param name="ranges">How many ranges to make; fewer come out where there are not enough segments.</param>
    /// <returns>Ranges in the order of their keys: every key is in exactly one of them.</returns>
    public static IReadOnlyList<KeyRange> Cut(IReadOnlyList<KeySegment> segments, int ranges)
    {
        double total = segments.Sum(segment => segment.Count), before = 0;
        List<KeyRange> cut = [];
        string? after = null;
        double count = 0;
        foreach (KeySegment segment in segments)
        {
            // A range ends where the next segment would bring it further beyond its share than it is short of it now.
            double share = total * (cut.Count + 1) / ranges;
            if (count > 0 && cut.Count < ranges - 1 && before + (segment.Count / 2) >= share)
            {
                cut.Add(new KeyRange(after, segment.After, (long)count));
                (after, count) = (segment.After, 0);
            }

            count += segment.Count;
            before += segment.Count;
        }

        cut.Add(new KeyRange(after, null, (long)count));
        return cut;
    }
}

/// <summary>A range of keys.</summary>
/// <param name="After">It begins behind this key; null for the first key.</param>
/// <param name="UpTo">The last key that it may have; null for no end.</param>
/// <param name="EstimatedObjects">About how many keys it has.</param>
public sealed record KeyRange(string? After, string? UpTo, long EstimatedObjects);
