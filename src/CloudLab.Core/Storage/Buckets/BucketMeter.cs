using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>
/// Counts what is in a bucket, by listing it. A bucket of more than a page is listed in several ranges of keys at once,
/// cut where its folders are: about as many requests as one listing takes, in a fraction of the time.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="bucket">The bucket.</param>
internal sealed class BucketMeter(StorageClient client, LabBucket bucket)
{
    private const int RangesAtOnce = 8;
    private const int Page = 1000;

    // Folders in the only folder, and so on: further down there is nothing to gain.
    private const int DeepestCut = 4;

    private readonly ObjectStore objects = new(client);
    private long objectCount, size, noncurrentCount, noncurrentSize, deleteMarkerCount;

    private enum EntryKind
    {
        Object,
        OldVersion,
        DeleteMarker,
    }

    /// <summary>Counts.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The bucket with what is in it. Throws <see cref="LabException"/>.</returns>
    public async Task<LabBucketUsage> MeasureAsync(CancellationToken cancellation)
    {
        BucketVersioningStatus? versioning = await VersioningAsync(cancellation);
        bool versions = versioning is BucketVersioningStatus.Enabled or BucketVersioningStatus.Suspended;
        using ProgressMeter meter = new(client.Reporter, $"Counting s3://{bucket.Bucket}");
        await using IAsyncEnumerator<Entry> entries = EntriesAsync(versions, null, cancellation).GetAsyncEnumerator(cancellation);
        if (await CountAsync(entries, Page, null, meter, cancellation) is { } last)
        {
            // The listing goes on up to the first cut, and others begin at each cut.
            string[] cuts = await CutsAsync(last, cancellation);
            List<Func<CancellationToken, Task>> ranges = [token => CountAsync(entries, int.MaxValue, cuts.FirstOrDefault(), meter, token)];
            for (int i = 0; i < cuts.Length; i++)
            {
                (string start, string? end) = (cuts[i], cuts.ElementAtOrDefault(i + 1));
                ranges.Add(async token =>
                {
                    await using IAsyncEnumerator<Entry> own = EntriesAsync(versions, start, token).GetAsyncEnumerator(token);
                    await CountAsync(own, int.MaxValue, end, meter, token);
                });
            }

            await Parallel.ForEachAsync(
                ranges, new ParallelOptions { MaxDegreeOfParallelism = RangesAtOnce, CancellationToken = cancellation },
                async (range, token) => await range(token));
        }

        return new LabBucketUsage
        {
            Bucket = bucket.Bucket,
            Region = bucket.Region,
            CreationDate = bucket.CreationDate,
            Versioning = versioning,
            ObjectCount = objectCount,
            Size = size,
            NoncurrentCount = noncurrentCount,
            NoncurrentSize = noncurrentSize,
            DeleteMarkerCount = deleteMarkerCount,
        };
    }

    private async Task<BucketVersioningStatus?> VersioningAsync(CancellationToken cancellation)
    {
        try
        {
            return (await new BucketVersioning(client).GetAsync(bucket.Bucket, cancellation))[0].Status;
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"Whether bucket '{bucket.Bucket}' keeps versions is not told, so only its objects are counted.");
            return null;
        }
    }

    /// <summary>Counts up to so many entries, or up to a key.</summary>
    /// <returns>The last key, or null where the listing has ended or the key was passed.</returns>
    private async Task<string?> CountAsync(IAsyncEnumerator<Entry> entries, int most, string? end, ProgressMeter meter, CancellationToken cancellation)
    {
        string? last = null;
        for (int count = 0; count < most; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!await entries.MoveNextAsync() || (end is not null && KeyOrder.Compare(entries.Current.Key, end) > 0))
            {
                return null;
            }

            Add(entries.Current);
            meter.AddItems();
            last = entries.Current.Key;
        }

        return last;
    }

    private void Add(Entry entry)
    {
        switch (entry.Kind)
        {
            case EntryKind.DeleteMarker:
                Interlocked.Increment(ref deleteMarkerCount);
                break;
            case EntryKind.OldVersion:
                Interlocked.Increment(ref noncurrentCount);
                Interlocked.Add(ref noncurrentSize, entry.Size);
                break;
            default:
                Interlocked.Increment(ref objectCount);
                Interlocked.Add(ref size, entry.Size);
                break;
        }
    }

    /// <summary>Keys behind which a listing of its own begins: folders, evenly chosen from the first page of them.</summary>
    private async Task<string[]> CutsAsync(string behind, CancellationToken cancellation)
    {
        string prefix = "";
        for (int depth = 0; depth < DeepestCut; depth++)
        {
            List<string> folders = [];
            int seen = 0;
            await foreach (object entry in objects.ListAsync(new ObjectListing { Bucket = bucket.Bucket, Prefix = prefix, Delimiter = "/" }, cancellation))
            {
                if (entry is LabPrefix folder)
                {
                    folders.Add(folder.Prefix);
                }

                if (++seen == Page)
                {
                    break;
                }
            }

            if (folders.Count == 1 && seen < Page)
            {
                prefix = folders[0];
                continue;
            }

            string[] later = [.. folders.Where(folder => KeyOrder.Compare(folder, behind) > 0)];
            int step = Math.Max(1, later.Length / (RangesAtOnce - 1));
            return [.. later.Where((_, i) => i % step == 0).Take(RangesAtOnce - 1)];
        }

        return [];
    }

    private async IAsyncEnumerable<Entry> EntriesAsync(bool versions, string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!versions)
        {
            await foreach (object entry in objects.ListAsync(new ObjectListing { Bucket = bucket.Bucket, StartAfter = after }, cancellation))
            {
                LabObject found = (LabObject)entry;
                yield return new Entry(found.Key, found.Size, EntryKind.Object);
            }

            yield break;
        }

        await foreach (List<S3ObjectVersion> page in new VersionListing(client, bucket.Bucket).PagesAsync(after, cancellation))
        {
            foreach (S3ObjectVersion version in page)
            {
                EntryKind kind = version.IsDeleteMarker is true ? EntryKind.DeleteMarker : version.IsLatest is true ? EntryKind.Object : EntryKind.OldVersion;
                yield return new Entry(version.Key, version.Size ?? 0, kind);
            }
        }
    }

    private readonly record struct Entry(string Key, long Size, EntryKind Kind);
}
