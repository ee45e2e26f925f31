using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.OnCluster;
using CloudLab.NullServer;
using Xunit;

namespace CloudLab.Tests.Storage.OnCluster;

/// <summary>Buckets whose keys look as those of real ones do, cut into ranges. They are lists in memory: no service is asked.</summary>
[Trait("Area", "Storage")]
public sealed class KeyShapeTests
{
    private const int Count = 100_000, PageSize = 100, Ranges = 32;

    // How many times the mean the largest range may be; 2 where it is not said. docs/scale.md has what was measured with more keys.
    private static readonly Dictionary<string, double> MostOf = new() { ["encoded"] = 3 };

    public static TheoryData<string> Shapes() => [.. KeyShape.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Ranges_are_alike_whatever_the_keys_look_like(string shape)
    {
        string[] keys = [.. Enumerable.Range(0, Count).Select(i => KeyShape.All[shape](i, Count)).Distinct(StringComparer.Ordinal).Order(KeyOrder.Instance)];
        KeySampler sampler = new(List, "bucket", "", PageSize);
        IReadOnlyList<KeyRange> ranges = KeyCuts.Cut(await sampler.SampleAsync(Ranges * 4, null, TestContext.Current.CancellationToken), Ranges);
        int[] ends = [.. ranges.Select(range => range.UpTo is { } upTo ? Behind(upTo) : keys.Length)];
        int[] real = [.. ends.Select((end, i) => end - (i == 0 ? 0 : ends[i - 1]))];
        double largest = (double)real.Max() * Ranges / keys.Length;
        string seen = $"{largest:f2} times the mean, {sampler.Requests} requests: {string.Join(' ', real)}, expected {string.Join(' ', ranges.Select(range => range.EstimatedObjects))}";
        Assert.True(largest <= MostOf.GetValueOrDefault(shape, 2), seen);
        Assert.True(sampler.Requests < Ranges * 100, seen);

        Task<ListingPage> List(ObjectListing listing, CancellationToken cancellation)
        {
            int from = listing.StartAfter is { } after ? Behind(after) : 0, to = Math.Min(keys.Length, from + listing.PageSize);
            return Task.FromResult(new ListingPage([.. keys[from..to].Select(key => new LabObject { Bucket = listing.Bucket, Key = key, Size = 1 })], to < keys.Length, null));
        }

        int Behind(string key) => Array.BinarySearch(keys, key, KeyOrder.Instance) is var at && at < 0 ? ~at : at + 1;
    }
}
