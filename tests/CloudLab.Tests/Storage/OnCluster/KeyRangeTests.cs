using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.OnCluster;
using Xunit;

namespace CloudLab.Tests.Storage.OnCluster;

/// <summary>Keys cut into ranges: as arithmetic, and of a bucket that is sampled.</summary>
[Trait("Area", "Storage")]
public sealed class KeyRangeTests() : StorageTest(StorageServer.Emulator)
{
    private static readonly Func<Random, int, string>[] Shapes =
    [
        (random, i) => $"d{i / 50:D3}/o{i:D7}.txt",
        (random, i) => Convert.ToHexString(BitConverter.GetBytes(random.NextInt64())).ToLowerInvariant(),
        (random, i) => (i % 10 == 0 ? "z" : "a/very/long/prefix/that/all/share/") + random.Next(100_000).ToString("D6", null),
        (random, i) => new string([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => "aZ0/-_.é\ue000"[random.Next(9)])]) + (i % 3 == 0 ? "😀" : "") + i,
        (random, i) => new string('x', 1 + (i % 300)) + (i / 300),
    ];

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 200)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Ranges_cover_every_key_once_and_are_as_equal_as_the_segments_allow(int seed)
    {
        Random random = new(seed);
        int count = random.Next(1, 80), ranges = random.Next(1, 20);
        List<KeySegment> segments = [];
        for (int i = 0; i < count; i++)
        {
            segments.Add(new KeySegment(i == 0 ? null : $"k{i:D3}", null, [.. Enumerable.Range(0, random.Next(seed % 3 == 0 ? 0 : 1, 50)).Select(n => $"k{i:D3}{n:D3}")], 0, isWhole: true));
        }

        IReadOnlyList<KeyRange> cut = KeyCuts.Cut(segments, ranges);
        Assert.InRange(cut.Count, 1, ranges);
        Assert.Null(cut[0].After);
        Assert.Null(cut[^1].UpTo);
        Assert.All(cut.Zip(cut.Skip(1)), pair => Assert.Equal(pair.First.UpTo, pair.Second.After));
        Assert.All(cut.Zip(cut.Skip(1)).Skip(1), pair => Assert.True(KeyOrder.Compare(pair.First.After, pair.First.UpTo) < 0));
        Assert.Equal(segments.Sum(segment => segment.Count), cut.Sum(range => range.EstimatedObjects));
        double largest = segments.Max(segment => segment.Count), share = segments.Sum(segment => segment.Count) / ranges;
        Assert.All(cut, range => Assert.True(range.EstimatedObjects <= share + largest + 1, $"{range} of {share}, largest segment {largest}"));
    }

    [Theory]
    [InlineData(0, 1.6)]
    [InlineData(1, 1.6)]
    [InlineData(2, 1.6)]
    [InlineData(3, 2.5)]

    // Ever deeper keys, of which no page tells how deep they go: they are walked, page after page.
    [InlineData(4, 4)]
    public async Task A_bucket_is_cut_where_its_keys_are(int shape, double unequal)
    {
        Random random = new(shape);
        SortedSet<string> keys = new(KeyOrder.Instance);
        for (int i = 0; i < 1500; i++)
        {
            keys.Add(Shapes[shape](random, i));
        }

        await Parallel.ForEachAsync(keys, Token, async (key, _) => await PutAsync(key, "1"));
        KeySampler sampler = new(Objects.PageAsync, Bucket, "", 20);
        IReadOnlyList<KeySegment> segments = await sampler.SampleAsync(32, null, Token);
        Assert.All(segments.Zip(segments.Skip(1)), pair => Assert.True(pair.First.After is null || KeyOrder.Compare(pair.First.After, pair.Second.After) < 0));
        IReadOnlyList<KeyRange> ranges = KeyCuts.Cut(segments, 8);
        int[] real = [.. ranges.Select(range => keys.Count(key =>
            (range.After is null || KeyOrder.Compare(key, range.After) > 0) && (range.UpTo is null || KeyOrder.Compare(key, range.UpTo) <= 0)))];
        Assert.Equal(keys.Count, real.Sum());
        Assert.True(real.Max() <= unequal * keys.Count / 8, $"{string.Join(' ', real)} of {keys.Count}, expected {string.Join(' ', ranges.Select(range => range.EstimatedObjects))}");
        double told = segments.Sum(segment => segment.Count);
        Assert.InRange(told, keys.Count / unequal, keys.Count * unequal);
    }

    [Fact]
    public void A_page_that_is_all_there_is_is_cut_within_itself()
    {
        string[] keys = [.. Enumerable.Range(0, 963).Select(i => $"k{i:D4}")];
        KeySegment whole = new("k", null, keys, 963_000, isWhole: true);
        IReadOnlyList<KeyRange> ranges = KeyCuts.Cut([.. whole.Parts(250)], 4);
        Assert.Equal([240, 241, 241, 241], ranges.Select(range => range.EstimatedObjects));
        Assert.Equal(["k", "k0239", "k0480", "k0721"], ranges.Select((range, i) => i == 0 ? "k" : range.After));
        Assert.Equal([.. ranges.Skip(1).Select(range => range.After), null], ranges.Select(range => range.UpTo));
        Assert.Same(whole, Assert.Single(whole.Parts(963)));
        KeySegment more = new("k", "k9999", keys, 963_000, isWhole: false);
        Assert.Same(more, Assert.Single(more.Parts(250)));
    }

    [Fact]
    public async Task A_prefix_is_cut_within_itself_and_nothing_is_one_range()
    {
        Assert.Equal([new KeyRange(null, null, 0)], KeyCuts.Cut(await new KeySampler(Objects.PageAsync, Bucket, "none/").SampleAsync(8, null, Token), 4));
        foreach (string key in Enumerable.Range(0, 100).SelectMany(i => new[] { $"a/{i:D3}", $"b/{i:D3}", $"c/{i:D3}" }))
        {
            await PutAsync(key, "12");
        }

        IReadOnlyList<KeySegment> segments = await new KeySampler(Objects.PageAsync, Bucket, "b/", 10).SampleAsync(16, null, Token);
        IReadOnlyList<KeyRange> ranges = KeyCuts.Cut(segments, 4);
        Assert.Equal(4, ranges.Count);
        Assert.All(ranges.SkipLast(1), range => Assert.StartsWith("b/", range.UpTo, StringComparison.Ordinal));
        Assert.InRange(segments.Sum(segment => segment.Size), 120, 300);
    }
}
