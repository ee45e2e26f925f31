using System.Collections.Concurrent;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions.Aws;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Does one range of a plan, stretch by stretch, each with a checkpoint at its end. Whoever takes the range up after a worker was killed
/// begins at the last checkpoint, and of that stretch does what is not done.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="index">Which range.</param>
/// <param name="source">The service of the source.</param>
/// <param name="destination">The service of the destination.</param>
/// <param name="filter">Which keys are wanted; null for all.</param>
/// <param name="worker">Who does it, for people.</param>
/// <param name="reporter">Sees progress.</param>
public sealed class RangeWorker(
    TransferPlan plan, int index, StorageClient source, StorageClient destination, Func<string, bool>? filter, string? worker, IReporter reporter)
{
    /// <summary>What a worker ends with where another try would end in the same way.</summary>
    public const int PermanentExitCode = 3;

    /// <summary>What begins the names of the variables with the credentials of another destination.</summary>
    public const string DestinationVariables = "DESTINATION_";

    /// <summary>The variable that names the file of the certificate authorities to trust.</summary>
    public const string AuthoritiesVariable = "AWS_CA_BUNDLE";

    // A stretch of large objects ends earlier.
    private const long MostBytes = 8L << 30;

    // Where this many fail together, it is not the objects' fault.
    private const int Telling = 10;

    private readonly KeyRange range = plan.Ranges[index];
    private readonly int stem = plan.Source.Prefix.LastIndexOf('/') + 1;
    private readonly ObjectStore objects = new(source);
    private readonly ObjectStore there = new(destination);
    private readonly ListedCopier? copier = plan.Action == TransferAction.Copy ? new ListedCopier(plan, source, destination) : null;
    private readonly CheckpointStore checkpoints = new(destination, plan.Results.Bucket, plan.Id);

    /// <summary>Whether another try would end in the same way. One with keys that have expired need not: the next worker reads the Secret anew.</summary>
    /// <param name="e">What it ended with.</param>
    /// <returns>True if so.</returns>
    public static bool IsPermanent(LabException e) => !AwsRetryPolicy.IsExpired(e.Code) && e.Kind
        is LabErrorKind.InvalidArgument or LabErrorKind.InvalidData or LabErrorKind.AccessDenied or LabErrorKind.AuthenticationFailed or LabErrorKind.NotFound or LabErrorKind.NotSupported;

    /// <summary>Does what is left of the range.</summary>
    /// <param name="cancellation">Stops it; what is done since the last checkpoint is found done by who goes on.</param>
    /// <returns>The range as it is at the end. Throws <see cref="LabException"/>.</returns>
    public async Task<LabTransferRange> RunAsync(CancellationToken cancellation)
    {
        TransferCheckpoint at = await checkpoints.ReadAsync(index, range, cancellation) ?? new TransferCheckpoint();
        if (!at.Done)
        {
            at = at with { Attempts = at.Attempts + 1, Worker = worker, Updated = DateTimeOffset.UtcNow };
            await checkpoints.WriteAsync(index, at, [], cancellation);
            using ProgressMeter meter = new(reporter, $"Range {index} of {plan.Id}");
            meter.Expect(range.EstimatedObjects);
            meter.AddItems(at.Objects + at.Skipped + at.Failed);
            string? behind = at.After ?? range.After;
            await foreach (List<LabObject> stretch in StretchesAsync(behind, cancellation))
            {
                at = await DoAsync(stretch, behind, at, meter, cancellation);
                behind = stretch[^1].Key;
            }

            at = at with { Done = true, After = behind, Checkpoints = at.Checkpoints + 1, Updated = DateTimeOffset.UtcNow };
            await checkpoints.WriteAsync(index, at, [], cancellation);
        }

        return LabTransferRange.Of(index, range, at, null);
    }

    private async IAsyncEnumerable<List<LabObject>> StretchesAsync(string? behind, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        List<LabObject> stretch = [];
        long bytes = 0;
        await foreach (object entry in objects.ListAsync(
            new ObjectListing { Bucket = plan.Source.Bucket, Prefix = plan.Source.Prefix, StartAfter = behind, PageSize = Math.Min(plan.CheckpointInterval, ObjectStore.MostKeysInBatch) }, cancellation))
        {
            LabObject found = (LabObject)entry;
            if (range.UpTo is not null && KeyOrder.Compare(found.Key, range.UpTo) > 0)
            {
                break;
            }

            stretch.Add(found);
            bytes += found.Size;
            if (stretch.Count >= plan.CheckpointInterval || (bytes >= MostBytes && copier is not null))
            {
                yield return stretch;
                (stretch, bytes) = ([], 0);
            }
        }

        if (stretch.Count > 0)
        {
            yield return stretch;
        }
    }

    private async Task<TransferCheckpoint> DoAsync(List<LabObject> stretch, string? behind, TransferCheckpoint at, ProgressMeter meter, CancellationToken cancellation)
    {
        // What jobs keep in a bucket is theirs; and a name that the prefix has used up is none.
        List<LabObject> wanted = [.. stretch.Where(found => !found.Key.StartsWith(CheckpointStore.Root, StringComparison.Ordinal)
            && (copier is null || found.Key.Length > stem) && (filter is null || filter(found.Key)))];
        ConcurrentBag<LabException> failed = [];
        ConcurrentBag<LabTransferFailure> failures = [];
        long done = 0, skipped = 0, size = 0;
        if (copier is not null)
        {
            Dictionary<string, LabObject> existing = await ExistingAsync(wanted, behind, cancellation);
            await Parallel.ForEachAsync(wanted, new ParallelOptions { MaxDegreeOfParallelism = plan.ThrottleLimit, CancellationToken = cancellation }, async (found, token) =>
            {
                try
                {
                    string key = Renamed(found.Key);
                    if (await copier.CopyAsync(found, key, existing.GetValueOrDefault(key), token))
                    {
                        Interlocked.Increment(ref done);
                        Interlocked.Add(ref size, found.Size);
                    }
                    else
                    {
                        Interlocked.Increment(ref skipped);
                    }
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    failed.Add(e);
                    failures.Add(new LabTransferFailure(found.Key, e.Code, e.Message));
                }

                meter.AddItems();
            });
        }
        else if (wanted.Count > 0)
        {
            foreach (LabObject[] batch in wanted.Chunk(ObjectStore.MostKeysInBatch))
            {
                IReadOnlyList<LabException> left = await objects.RemoveAsync(plan.Source.Bucket, batch.Select(found => found.Key), cancellation);
                foreach (LabException e in left)
                {
                    failed.Add(e);
                    failures.Add(new LabTransferFailure(ObjectName.Parse(e.Target?.ToString() ?? "")?.Key ?? "", e.Code, e.Message));
                }

                done += batch.Length - left.Count;
                meter.AddItems(batch.Length);
            }
        }

        if (failed.Count == wanted.Count && failed.Count >= Telling && failed.FirstOrDefault(e => !IsOfObject(e)) is { } telling)
        {
            throw telling;
        }

        at = at with
        {
            After = stretch[^1].Key, Objects = at.Objects + done, Skipped = at.Skipped + skipped, Size = at.Size + size, Failed = at.Failed + failures.Count,
            Checkpoints = at.Checkpoints + 1, Updated = DateTimeOffset.UtcNow,
        };
        await checkpoints.WriteAsync(index, at, failures, cancellation);
        return at;
    }

    // What an object fails with by itself: it is kept, is gone, or is in an archive.
    private static bool IsOfObject(LabException e) => e.Code is "ObjectAlreadyExists" or "NoSuchKey" or "InvalidObjectState";

    // One request shows a thousand keys, where asking for each would double the requests of the copy. Where others lie between them, it does not.
    private async Task<Dictionary<string, LabObject>> ExistingAsync(List<LabObject> wanted, string? behind, CancellationToken cancellation)
    {
        Dictionary<string, LabObject> existing = new(StringComparer.Ordinal);
        if (wanted.Count == 0)
        {
            return existing;
        }

        HashSet<string> names = [.. wanted.Select(found => Renamed(found.Key))];
        int left = names.Count, others = ((names.Count / plan.ThrottleLimit) + 1) * ObjectStore.MostKeysInBatch;
        string last = Renamed(wanted[^1].Key);
        ObjectListing listing = new()
        {
            Bucket = plan.Destination!.Bucket, Prefix = plan.Destination.Prefix, StartAfter = behind is null || behind.Length <= stem ? null : Renamed(behind),
        };
        await foreach (object entry in there.ListAsync(listing, cancellation))
        {
            LabObject found = (LabObject)entry;
            if (left == 0 || KeyOrder.Compare(found.Key, last) > 0)
            {
                return existing;
            }

            if (names.Contains(found.Key))
            {
                existing[found.Key] = found;
                left--;
            }
            else if (--others == 0)
            {
                names.RemoveWhere(name => KeyOrder.Compare(name, found.Key) <= 0);
                await AskAsync(names, existing, cancellation);
                return existing;
            }
        }

        return existing;
    }

    private Task AskAsync(IEnumerable<string> names, Dictionary<string, LabObject> existing, CancellationToken cancellation) => Parallel.ForEachAsync(
        names, new ParallelOptions { MaxDegreeOfParallelism = plan.ThrottleLimit, CancellationToken = cancellation }, async (name, token) =>
        {
            if (await there.FindAsync(plan.Destination!.Bucket, name, new ReadOptions(), token) is { } found)
            {
                lock (existing)
                {
                    existing[name] = found;
                }
            }
        });

    private string Renamed(string key) => plan.Destination!.Prefix + key[stem..];
}
