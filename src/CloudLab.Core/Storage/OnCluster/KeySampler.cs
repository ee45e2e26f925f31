using System.Diagnostics;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Finds out how the keys of a bucket are spread without listing it: reads pages here and there, several at a time, and divides the stretch
/// that seems largest until none is much larger than the others. A service says what follows a key and nothing else, so a stretch is
/// divided where its keys first differ: what follows all that begins like the page's last key, shorter and shorter, tells where that is.
/// </summary>
/// <param name="objects">The service.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">Beginning of the keys; empty for all.</param>
/// <param name="pageSize">How many keys to read of a stretch.</param>
internal sealed class KeySampler(ObjectStore objects, string bucket, string prefix, int pageSize = ObjectStore.MostKeysInBatch)
{
    // Stretches that are divided at a time.
    private const int AtOnce = 16;

    private const int Ascii = 0x7f;

    private readonly int start = KeyText.Points(prefix).Length;
    private int requests;
    private long ticks;

    /// <summary>How many requests it took.</summary>
    public int Requests => requests;

    /// <summary>How long a request took on average.</summary>
    public TimeSpan Latency => requests == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(0, ticks / requests);

    /// <summary>Samples.</summary>
    /// <param name="wanted">About how many segments of equal size to make.</param>
    /// <param name="meter">Shows that time passes.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Segments in the order of their keys, which together are the listing. Throws <c>LabException</c>: NoSuchBucket, AccessDenied.</returns>
    public async Task<IReadOnlyList<KeySegment>> SampleAsync(int wanted, ProgressMeter? meter, CancellationToken cancellation)
    {
        LinkedList<KeySegment> segments = [];
        KeySegment all = await PageAsync(null, null, cancellation);
        segments.AddLast(all.IsWhole ? all : all.EndingWith(await EndAsync(all, cancellation)));
        while (true)
        {
            double total = segments.Sum(segment => segment.Count);
            LinkedListNode<KeySegment>[] large = [.. Nodes(segments).Where(node => !node.Value.IsWhole && node.Value.Count > total / wanted)
                .OrderByDescending(node => node.Value.Count).Take(AtOnce)];
            if (large.Length == 0 || segments.Count > wanted * 4)
            {
                return [.. segments];
            }

            meter?.Note($"{segments.Count} parts of about {total:#,0} objects");
            KeySegment[][] halves = await Task.WhenAll(large.Select(node => DivideAsync(node.Value, cancellation)));
            foreach ((LinkedListNode<KeySegment> node, KeySegment[] half) in large.Zip(halves))
            {
                foreach (KeySegment part in half)
                {
                    segments.AddBefore(node, part);
                }

                segments.Remove(node);
            }
        }
    }

    private static IEnumerable<LinkedListNode<KeySegment>> Nodes(LinkedList<KeySegment> segments)
    {
        for (LinkedListNode<KeySegment>? node = segments.First; node is not null; node = node.Next)
        {
            yield return node;
        }
    }

    // Not the last key, which no service tells, but a text that is not far behind it: the last character where keys differ first.
    private async Task<string?> EndAsync(KeySegment all, CancellationToken cancellation)
    {
        if (await BranchAsync(all, null, cancellation) is not { } branch)
        {
            return all.Last;
        }

        int[] stem = branch.Stem;
        int from = branch.Next[stem.Length], to = Ascii;
        if (await NextCharacterAsync(stem, Ascii, cancellation) is { } beyond)
        {
            (from, to) = (beyond, KeyText.Largest);
        }

        while (to - from > 1)
        {
            int middle = KeyText.Character((from + to) / 2);
            if (middle <= from)
            {
                break;
            }

            if (await NextCharacterAsync(stem, middle, cancellation) is { } found)
            {
                from = found;
            }
            else
            {
                to = middle;
            }
        }

        return KeyText.Text([.. stem, KeyText.Character(to, up: true)]);
    }

    private async Task<KeySegment[]> DivideAsync(KeySegment segment, CancellationToken cancellation)
    {
        string end = segment.End!;
        if (await BranchAsync(segment, end, cancellation) is not { } branch)
        {
            return [segment.AsWhole()];
        }

        int[] stem = branch.Stem, bound = KeyText.Points(end);
        int first = branch.Next[stem.Length];
        int last = KeyText.Shared(stem, bound) == stem.Length && bound.Length > stem.Length ? bound[stem.Length] : first < Ascii ? Ascii : KeyText.Largest;
        string near = end;
        while (true)
        {
            int middle = KeyText.Character((first + last) / 2);
            string cut = middle > first ? KeyText.Text([.. stem, middle]) : branch.Behind;
            if (middle <= first || await NextAsync(cut, end, cancellation) is not null)
            {
                return [segment.EndingWith(cut), await PageAsync(cut, near, cancellation)];
            }

            // Nothing is behind it: what is there is nearer.
            (last, near) = (middle, cut);
        }
    }

    /// <summary>Where the keys behind a page first differ from its last one.</summary>
    /// <returns>What they have in common with it, the first of them, and what separates the two; null where nothing is behind the page.</returns>
    private async Task<(int[] Stem, int[] Next, string Behind)?> BranchAsync(KeySegment segment, string? end, CancellationToken cancellation)
    {
        int[] last = KeyText.Points(segment.Last);
        if (await NextAsync(segment.Last, end, cancellation) is not { } next)
        {
            return null;
        }

        // The fewer characters are kept, the more is left out, so the first depth at which anything remains can be halved for.
        int from = end is null ? start : Math.Max(start, KeyText.Shared(last, KeyText.Points(end))), to = last.Length;
        string behind = segment.Last;
        while (from < to)
        {
            int depth = (from + to) / 2;
            string? without = KeyText.Behind(last, depth + 1);
            if (without is not null && await NextAsync(without, end, cancellation) is { } found)
            {
                (to, next, behind) = (depth, found, without);
            }
            else
            {
                from = depth + 1;
            }
        }

        // A key that is just what separates does not show behind it; and the bucket may change meanwhile.
        int[] first = KeyText.Points(next);
        int shared = KeyText.Shared(last, first);
        return shared < to ? (last[..shared], first, segment.Last) : (last[..to], first, behind);
    }

    // The character with which keys go on that begin in a way, behind another character; null where none does.
    private async Task<int?> NextCharacterAsync(int[] stem, int behind, CancellationToken cancellation) =>
        await NextAsync(KeyText.Text([.. stem, behind]), null, cancellation) is { } next && KeyText.Points(next) is var points && KeyText.Shared(stem, points) == stem.Length
            ? points[stem.Length]
            : null;

    private async Task<string?> NextAsync(string key, string? end, CancellationToken cancellation)
    {
        ListingPage page = await AskAsync(key, 1, cancellation);
        return page.Entries.Count > 0 && page.Entries[0] is LabObject found && (end is null || KeyOrder.Compare(found.Key, end) <= 0) ? found.Key : null;
    }

    private async Task<KeySegment> PageAsync(string? after, string? end, CancellationToken cancellation) =>
        KeySegment.Of(after, end, await AskAsync(after, pageSize, cancellation));

    private async Task<ListingPage> AskAsync(string? after, int size, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        ListingPage page = await objects.PageAsync(new ObjectListing { Bucket = bucket, Prefix = prefix, StartAfter = after, PageSize = size }, cancellation);
        Interlocked.Add(ref ticks, Stopwatch.GetTimestamp() - begun);
        Interlocked.Increment(ref requests);
        return page;
    }
}
