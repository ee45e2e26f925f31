using System.Diagnostics;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Finds out how the keys of a bucket are spread without listing it: reads pages here and there, several at a time, and divides the stretch
/// that seems largest until none is much larger than the others. A service says what follows a key and nothing else, so a stretch is
/// divided where its keys first differ: what follows all that begins like the page's last key, shorter and shorter, tells where that is.
/// </summary>
/// <param name="list">Reads a page of a listing.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="prefix">Beginning of the keys; empty for all.</param>
/// <param name="pageSize">How many keys to read of a stretch.</param>
internal sealed class KeySampler(
    Func<ObjectListing, CancellationToken, Task<ListingPage>> list, string bucket, string prefix, int pageSize = ObjectStore.MostKeysInBatch)
{
    // Stretches that are divided at a time.
    private const int AtOnce = 16;

    // To start a worker for fewer keys takes longer than to copy them.
    private const int SmallestPart = 250;

    // What turns out to be more than was thought is more than is thought now, too; up to that many times.
    private const double MostDoubt = 16;

    // The last keys of a page tell little of what begins as they do: that counts where it is that many times as much.
    private const double Suspicion = 8;

    // How far behind a character another one is looked for first, and how many times as far after each that is found.
    private const int FirstStep = 16, StepGrowth = 4;

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
        LinkedList<Stretch> stretches = [];
        KeySegment all = await PageAsync(null, null, cancellation);
        stretches.AddLast(new Stretch(all.IsWhole ? all : all.EndingWith(await EndAsync(all, cancellation)), 1));
        while (true)
        {
            double total = stretches.Sum(stretch => stretch.Segment.Count);
            LinkedListNode<Stretch>[] large = [.. Nodes(stretches).Where(node => !node.Value.Segment.IsWhole && node.Value.Weight > total / wanted)
                .OrderByDescending(node => node.Value.Weight).Take(AtOnce)];
            if (large.Length == 0 || stretches.Count > wanted * 4)
            {
                return [.. stretches.SelectMany(stretch => stretch.Segment.Parts((int)Math.Max(SmallestPart, total / wanted)))];
            }

            meter?.Note($"{Counted.Of(stretches.Count, "part")} of about {Counted.Of((long)total, "object")}");
            KeySegment[][] halves = await Task.WhenAll(large.Select(node => DivideAsync(node.Value.Segment, cancellation)));
            foreach ((LinkedListNode<Stretch> node, KeySegment[] half) in large.Zip(halves))
            {
                double doubt = Math.Clamp(half.Sum(part => part.Count) / node.Value.Segment.Count, 1, MostDoubt);
                foreach (KeySegment part in half)
                {
                    stretches.AddBefore(node, new Stretch(part, doubt));
                }

                stretches.Remove(node);
            }
        }
    }

    private static IEnumerable<LinkedListNode<Stretch>> Nodes(LinkedList<Stretch> stretches)
    {
        for (LinkedListNode<Stretch>? node = stretches.First; node is not null; node = node.Next)
        {
            yield return node;
        }
    }

    // Not the last key, which no service tells, but a text that is not far behind it: the last character where keys differ first.
    private async Task<string> EndAsync(KeySegment all, CancellationToken cancellation)
    {
        (int[] stem, int from, _) = all.Branch;
        int to = KeyText.Ascii;
        if (await NextCharacterAsync(stem, KeyText.Ascii, cancellation) is { } beyond)
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
        (int[] stem, int first, string behind) = segment.Branch;
        int[] bound = KeyText.Points(end);
        int last = KeyText.Shared(stem, bound) == stem.Length && bound.Length > stem.Length ? bound[stem.Length] : first < KeyText.Ascii ? KeyText.Ascii : KeyText.Largest;
        SortedSet<int> likely = KeyText.Alphabet([first]);
        string near = end;
        while (true)
        {
            likely.RemoveWhere(one => one <= first || one >= last);
            int middle = likely.Count > 0 ? likely.ElementAt(likely.Count / 2) : KeyText.Character((first + last) / 2);
            string cut = middle > first ? KeyText.Text([.. stem, middle]) : behind;
            KeySegment part = await PageAsync(cut, near, cancellation);
            if (part.Count > 0)
            {
                return [segment.EndingWith(cut), cut == behind ? part.Behind(segment) : part];
            }

            if (cut == behind)
            {
                // The bucket has changed meanwhile.
                return [segment.EndingWith(cut)];
            }

            // Nothing is behind it: what is there is nearer.
            (last, near) = (middle, cut);
        }
    }

    // Of the keys behind a page, the first that differs from its last one at each depth where any does: the fewer characters are to be
    // shared, the further behind it is, and what lies between two of them begins as the nearer one.
    private async Task<IReadOnlyList<KeyBeyond>> BeyondAsync(string key, string? end, CancellationToken cancellation)
    {
        int[] last = KeyText.Points(key);
        int top = end is null ? start : Math.Max(start, KeyText.Shared(last, KeyText.Points(end)));
        List<KeyBeyond> beyond = [];
        string? behind = key;
        while (behind is not null && await NextAsync(behind, end, cancellation) is { } found)
        {
            int[] points = KeyText.Points(found);
            int depth = KeyText.Shared(last, points), next = points[depth];

            beyond.Add(new KeyBeyond(found, depth > top ? await FurtherAsync(last[..depth], next, cancellation) : []));
            for (behind = null; depth > top && behind is null; depth--)
            {
                behind = KeyText.Behind(last, depth);
            }
        }

        return beyond;
    }

    // Characters with which keys go on that begin in a way, behind a first one: one of each kind of ASCII, and about the last of all.
    private async Task<IReadOnlyList<int>> FurtherAsync(int[] stem, int from, CancellationToken cancellation)
    {
        List<int> further = [];
        int? last = from;
        while (last <= 'Z')
        {
            last = await NextCharacterAsync(stem, (last <= '9' ? '9' : 'Z') + 1, cancellation);
            further.AddRange(last is { } found ? [found] : []);
        }

        if (last > KeyText.Ascii)
        {
            further.Add(await FurthestAsync(stem, last.Value, cancellation));
        }

        return further;
    }

    // About the last character with which keys go on that begin in a way: steps that grow, and half of the one that goes too far.
    private async Task<int> FurthestAsync(int[] stem, int from, CancellationToken cancellation)
    {
        int known = from, step = FirstStep;
        for (; known + step < KeyText.Largest; step *= StepGrowth)
        {
            if (await NextCharacterAsync(stem, KeyText.Character(known + step), cancellation) is not { } found)
            {
                break;
            }

            known = found;
        }

        return Math.Min(known + (step / 2), KeyText.Largest);
    }

    // The character with which keys go on that begin in a way, another character or behind it; null where none does.
    private async Task<int?> NextCharacterAsync(int[] stem, int behind, CancellationToken cancellation) =>
        await NextAsync(KeyText.Text([.. stem, behind]), null, cancellation) is { } next && KeyText.Points(next) is var points && KeyText.Shared(stem, points) == stem.Length
            ? points[stem.Length]
            : null;

    private async Task<string?> NextAsync(string key, string? end, CancellationToken cancellation)
    {
        ListingPage page = await AskAsync(key, 1, cancellation);
        return page.Entries.Count > 0 && page.Entries[0] is LabObject found && (end is null || KeyOrder.Compare(found.Key, end) <= 0) ? found.Key : null;
    }

    private async Task<KeySegment> PageAsync(string? after, string? end, CancellationToken cancellation)
    {
        KeySegment first = KeySegment.Of(after, end, await AskAsync(after, pageSize, cancellation));
        return first.IsWhole ? first : first.With(await BeyondAsync(first.Last, end, cancellation));
    }

    private async Task<ListingPage> AskAsync(string? after, int size, CancellationToken cancellation)
    {
        long begun = Stopwatch.GetTimestamp();
        ListingPage page = await list(new ObjectListing { Bucket = bucket, Prefix = prefix, StartAfter = after, PageSize = size }, cancellation);
        Interlocked.Add(ref ticks, Stopwatch.GetTimestamp() - begun);
        Interlocked.Increment(ref requests);
        return page;
    }

    // A part of the listing, and how many times as much as it seems it may be.
    private readonly record struct Stretch(KeySegment Segment, double Doubt)
    {
        public double Weight => Math.Max(Segment.Count * Doubt, Segment.Most / Suspicion);
    }
}
