using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>Cuts what is to be transferred into ranges.</summary>
/// <param name="client">The service of the source, as it is reached from here.</param>
public sealed class TransferPlanner(StorageClient client)
{
    // Segments of each range: the more, the more alike the ranges.
    private const int SegmentsOfRange = 4;

    // More ranges than workers, so that one that is slow, or has more than was thought, does not keep the others waiting. To start a worker
    // takes some seconds, in which it would copy a thousand objects or two: beyond one range for each worker, each has more than that.
    private const int RangesOfWorker = 8;
    private const double WorthARange = 5000;
    private const int MostRanges = 10_000;

    // A copy takes a server at least as long, and one partition of Amazon's S3 takes 3,500 writes a second.
    private static readonly TimeSpan QuickestWrite = TimeSpan.FromMilliseconds(20);
    private const double MostWrites = 3500;

    // For so many objects as are between two checkpoints a worker that deletes lists, deletes and writes one, after each other.
    private const int RequestsOfDeletion = 3;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36500);

    /// <summary>How many ranges there are at most where nobody says how many.</summary>
    /// <param name="parallelism">How many workers there will be.</param>
    /// <returns>The number.</returns>
    public static int Most(int parallelism) => (int)Math.Min(MostRanges, (long)parallelism * RangesOfWorker);

    /// <summary>Samples the listing and cuts it.</summary>
    /// <param name="plan">What is to be done; its ranges are not looked at.</param>
    /// <param name="ranges">How many ranges to make; null for as many as suit the workers and the keys.</param>
    /// <param name="parallelism">How many workers there will be.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The plan with its ranges, how long it takes at least, about, and how many requests it took to know.</returns>
    public async Task<(TransferPlan Plan, TimeSpan Duration, int Requests)> CutAsync(
        TransferPlan plan, int? ranges, int parallelism, CancellationToken cancellation)
    {
        int most = ranges ?? Most(parallelism);
        using ProgressMeter meter = new(client.Reporter, $"Sampling {ObjectName.Uri(plan.Source.Bucket, plan.Source.Prefix)}");
        KeySampler sampler = new(new ObjectStore(client).PageAsync, plan.Source.Bucket, plan.Source.Prefix);
        IReadOnlyList<KeySegment> segments = await sampler.SampleAsync(most * SegmentsOfRange, meter, cancellation);
        double objects = segments.Sum(segment => segment.Count), size = segments.Sum(segment => segment.Size);
        int count = ranges ?? (int)Math.Clamp(objects / WorthARange, Math.Min(parallelism, most), most);
        TimeSpan duration = LeastTime(plan, objects, Math.Min(parallelism, count), sampler.Latency);
        return (plan with { Ranges = KeyCuts.Cut(segments, count), EstimatedObjects = (long)objects, EstimatedSize = (long)size }, duration, sampler.Requests);
    }

    /// <summary>How long it takes at least.</summary>
    /// <param name="plan">What is to be done.</param>
    /// <param name="objects">To how many objects.</param>
    /// <param name="workers">By how many workers.</param>
    /// <param name="latency">How long a request took.</param>
    /// <returns>Whole seconds.</returns>
    internal static TimeSpan LeastTime(TransferPlan plan, double objects, int workers, TimeSpan latency)
    {
        double request = (latency > QuickestWrite ? latency : QuickestWrite).TotalSeconds, interval = plan.CheckpointInterval;
        double rate = plan.Action == TransferAction.Copy
            ? Math.Min(MostWrites, workers * plan.ThrottleLimit / request)
            : Math.Min(MostWrites * interval, workers * interval / (RequestsOfDeletion * request));
        return TimeSpan.FromSeconds(Math.Min(Math.Ceiling(objects / rate), Longest.TotalSeconds));
    }

    /// <summary>Makes sure that no copy would be among the objects to copy, where both are in one bucket.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">What the keys of the objects begin with.</param>
    /// <param name="destination">What the keys of the copies begin with, before the part that is kept.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done if so. Throws <see cref="LabException"/> (CopyOntoItself).</returns>
    public async Task RequireApartAsync(string bucket, string prefix, string destination, CancellationToken cancellation)
    {
        int stem = prefix.LastIndexOf('/') + 1;
        string copies = destination + prefix[stem..];
        bool within = copies.StartsWith(prefix, StringComparison.Ordinal);

        // Out of 'a/' to '': an object 'a/a/x' would become 'a/x', which is to be copied, too.
        if (!within && prefix.StartsWith(copies, StringComparison.Ordinal))
        {
            ObjectListing nested = new() { Bucket = bucket, Prefix = prefix[..stem] + prefix[destination.Length..], PageSize = 1 };
            within = (await new ObjectStore(client).PageAsync(nested, cancellation)).Entries.Count > 0;
        }

        if (within)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "CopyOntoItself",
                $"The copies in {ObjectName.Uri(bucket, destination)} would be among the objects to copy: use another -DestinationPrefix or -DestinationBucket.");
        }
    }

    /// <summary>Makes sure that a bucket is there before a cluster begins to look for it.</summary>
    /// <param name="client">Its service.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done if so. Throws <c>LabException</c> (NoSuchBucket).</returns>
    public static async Task RequireAsync(StorageClient client, string bucket, CancellationToken cancellation)
    {
        BucketName.Validate(bucket);
        using S3Answer there = await client.SendAsync(new S3Request(HttpMethod.Head, bucket), cancellation);
    }
}
