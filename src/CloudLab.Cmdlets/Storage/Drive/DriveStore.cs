using System.Runtime.CompilerServices;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What a drive does with buckets, objects and prefixes: find, list, remove, copy. No PowerShell in it.</summary>
/// <param name="client">The service.</param>
/// <param name="reporter">Who hears of progress.</param>
internal sealed class DriveStore(StorageClient client, IReporter reporter)
{
    /// <summary>The service's buckets.</summary>
    public BucketStore Buckets { get; } = new(client);

    /// <summary>The service's objects.</summary>
    public ObjectStore Objects { get; } = new(client);

    /// <summary>The content of objects.</summary>
    public ObjectContent Content { get; } = new(client);

    /// <summary>Looks for what a location names.</summary>
    /// <param name="at">A bucket, an object or a prefix. Where both of the latter exist and the location does not say which, the prefix.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>A LabBucket, LabObjectMetadata or LabPrefix; null where there is none.</returns>
    public async Task<object?> FindAsync(DriveLocation at, CancellationToken cancellation)
    {
        if (at.IsBucket)
        {
            return await Buckets.FindAsync(at.Bucket, cancellation);
        }

        // Both at once: a person who waits for a prompt waits for one answer's time.
        Task<bool> isFolder = at.IsFolder is false ? Task.FromResult(false) : HasKeysAsync(at, 1, cancellation);
        Task<LabObjectMetadata?> file = at.IsFolder is true || string.IsNullOrEmpty(at.Key)
            ? Task.FromResult<LabObjectMetadata?>(null)
            : Objects.FindAsync(at.Bucket, at.Key!, cancellation);
        await Task.WhenAll(isFolder, file).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (isFolder.IsCompletedSuccessfully && isFolder.Result)
        {
            return new LabPrefix { Bucket = at.Bucket, Prefix = at.Prefix };
        }

        // Who may read an object need not be allowed to list.
        LabObjectMetadata? found = await file;
        if (found is null)
        {
            await isFolder;
        }

        return found;
    }

    /// <summary>Whether anything is in a folder; its own mark does not count.</summary>
    /// <param name="at">A bucket or prefix; of the service, whether it has buckets.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>True if there is.</returns>
    public async Task<bool> HasChildrenAsync(DriveLocation at, CancellationToken cancellation)
    {
        if (!at.IsService)
        {
            return await HasKeysAsync(at, 2, cancellation);
        }

        await foreach (LabBucket _ in Buckets.ListAsync(null, cancellation))
        {
            return true;
        }

        return false;
    }

    /// <summary>Lists one level.</summary>
    /// <param name="at">The service, a bucket or a prefix.</param>
    /// <param name="start">Beginning of the names wanted; empty for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Entries, page by page.</returns>
    public IAsyncEnumerable<DriveItem> ChildrenAsync(DriveLocation at, string start, CancellationToken cancellation) => at.IsService
        ? BucketsAsync(start, cancellation)
        : new FolderView(at.Bucket, at.Prefix).LevelAsync(
            Objects.ListAsync(new ObjectListing { Bucket = at.Bucket, Prefix = at.Prefix + start, Delimiter = "/" }, cancellation), cancellation);

    /// <summary>Lists all levels below, as many as asked for.</summary>
    /// <param name="at">The service, a bucket or a prefix.</param>
    /// <param name="depth">How many levels below the first one; the greatest number for all, which takes the fewest requests.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Entries with their paths below <paramref name="at"/>; a folder before what is in it.</returns>
    public async IAsyncEnumerable<DriveItem> TreeAsync(
        DriveLocation at, uint depth, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (!at.IsService && depth == uint.MaxValue)
        {
            await foreach (DriveItem item in new FolderView(at.Bucket, at.Prefix).TreeAsync(KeysAsync(at, cancellation), cancellation))
            {
                yield return item;
            }

            yield break;
        }

        await foreach (DriveItem item in ChildrenAsync(at, "", cancellation))
        {
            yield return item;
            if (!item.IsContainer || depth == 0)
            {
                continue;
            }

            DriveLocation below = item.Item is LabPrefix folder
                ? new DriveLocation(at.Session, folder.Bucket, folder.Prefix[..^1], true)
                : new DriveLocation(at.Session, ((LabBucket)item.Item).Bucket, null, true);
            await foreach (DriveItem descendant in TreeAsync(below, depth == uint.MaxValue ? depth : depth - 1, cancellation))
            {
                yield return descendant with { Path = DrivePath.Here.Join(item.Path, descendant.Path) };
            }
        }
    }

    /// <summary>Deletes everything under a prefix, its mark too, in batches.</summary>
    /// <param name="at">A bucket or prefix.</param>
    /// <param name="failed">Hears of each key that could not be deleted.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when all is deleted or reported.</returns>
    public async Task RemoveTreeAsync(DriveLocation at, Action<LabException> failed, CancellationToken cancellation)
    {
        const int BatchesAtOnce = 4;
        using ProgressMeter meter = new(reporter, $"Deleting {at}");
        await Parallel.ForEachAsync(
            BatchesAsync(at, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = BatchesAtOnce, CancellationToken = cancellation },
            async (batch, token) => await RemoveAsync(at.Bucket, [.. batch.Select(file => file.Key)], meter, failed, token));
    }

    /// <summary>Copies an object within the service.</summary>
    /// <param name="from">The object.</param>
    /// <param name="to">Where to.</param>
    /// <param name="move">True deletes the source once the copy is there.</param>
    /// <param name="overwrite">True replaces an object that exists; else it is an error.</param>
    /// <param name="cancellation">Cancels the copy.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>.</returns>
    public async Task<LabObject> CopyAsync(
        DriveLocation from, DriveLocation to, bool move, bool overwrite, CancellationToken cancellation)
    {
        using TransferEngine engine = new(client);
        using ProgressMeter meter = new(reporter, $"{(move ? "Moving" : "Copying")} {from}");
        LabObject copy = await CopyAsync(engine, meter, from.Bucket, from.Key!, to.Bucket, to.Key!, overwrite, cancellation);
        if (move)
        {
            await RemoveAsync(from.Bucket, [from.Key!], meter, static failure => throw failure, cancellation);
        }

        return copy;
    }

    /// <summary>Copies everything under a prefix, several objects at once.</summary>
    /// <param name="from">The bucket or prefix.</param>
    /// <param name="to">The bucket or prefix that the keys begin with afterwards.</param>
    /// <param name="move">True deletes each source once its copy is there.</param>
    /// <param name="overwrite">True replaces objects that exist; else each is an error.</param>
    /// <param name="failed">Hears of each object that could not be copied, or deleted afterwards; it stays where it was.</param>
    /// <param name="cancellation">Cancels the copies.</param>
    /// <returns>Done when each object is copied or reported.</returns>
    public async Task CopyTreeAsync(
        DriveLocation from, DriveLocation to, bool move, bool overwrite, Action<LabException> failed, CancellationToken cancellation)
    {
        using TransferEngine engine = new(client);
        using ProgressMeter meter = new(reporter, $"{(move ? "Moving" : "Copying")} {from}");
        await foreach (List<LabObject> batch in BatchesAsync(from, cancellation))
        {
            List<string> copied = [];
            await Parallel.ForEachAsync(
                batch,
                new ParallelOptions { MaxDegreeOfParallelism = TransferEngine.DefaultThrottle, CancellationToken = cancellation },
                async (file, token) =>
                {
                    try
                    {
                        string key = to.Prefix + file.Key[from.Prefix.Length..];
                        await CopyAsync(engine, meter, from.Bucket, file.Key, to.Bucket, key, overwrite, token);
                        lock (copied)
                        {
                            copied.Add(file.Key);
                        }
                    }
                    catch (LabException e) when (!e.StopsCommand)
                    {
                        failed(e);
                    }
                });
            if (move)
            {
                await RemoveAsync(from.Bucket, copied, null, failed, cancellation);
            }
        }
    }

    /// <summary>Begins to write an object.</summary>
    /// <param name="at">The object.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="cancellation">Cancels the upload.</param>
    /// <returns>The writer, and what it shares its requests with; dispose both.</returns>
    public (ObjectWriter Writer, TransferEngine Engine) Write(DriveLocation at, UploadOptions options, CancellationToken cancellation)
    {
        TransferEngine engine = new(client);
        return (new ObjectWriter(client, engine, at.Bucket, at.Key!, options, cancellation), engine);
    }

    /// <summary>Writes an object with nothing in it.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object.</returns>
    public async Task<LabObject> WriteEmptyAsync(string bucket, string key, UploadOptions options, CancellationToken cancellation)
    {
        (ObjectWriter writer, TransferEngine engine) = Write(new DriveLocation(null, bucket, key, false), options, cancellation);
        using (engine)
        {
            await using (writer)
            {
                return await writer.CompleteAsync();
            }
        }
    }

    private async IAsyncEnumerable<DriveItem> BucketsAsync(string start, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabBucket bucket in Buckets.ListAsync(start.Length > 0 ? start : null, cancellation))
        {
            yield return new DriveItem(bucket, bucket.Bucket, true);
        }
    }

    private IAsyncEnumerable<object> KeysAsync(DriveLocation at, CancellationToken cancellation) =>
        Objects.ListAsync(new ObjectListing { Bucket = at.Bucket, Prefix = at.Prefix }, cancellation);

    private async Task<bool> HasKeysAsync(DriveLocation at, int atLeast, CancellationToken cancellation)
    {
        await foreach (object entry in Objects.ListAsync(
            new ObjectListing { Bucket = at.Bucket, Prefix = at.Prefix, PageSize = atLeast }, cancellation))
        {
            if (atLeast == 1 || !FolderView.IsMark((LabObject)entry) || ((LabObject)entry).Key != at.Prefix)
            {
                return true;
            }
        }

        return false;
    }

    private async IAsyncEnumerable<List<LabObject>> BatchesAsync(
        DriveLocation at, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<LabObject> batch = [];
        await foreach (object entry in KeysAsync(at, cancellation))
        {
            batch.Add((LabObject)entry);
            if (batch.Count == ObjectStore.MostKeysInBatch)
            {
                yield return batch;
                batch = [];
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private async Task RemoveAsync(
        string bucket, List<string> keys, ProgressMeter? meter, Action<LabException> failed, CancellationToken cancellation)
    {
        if (keys.Count == 0)
        {
            return;
        }

        IReadOnlyList<LabException> failures = await Objects.RemoveAsync(bucket, keys, cancellation);
        foreach (LabException failure in failures)
        {
            failed(failure);
        }

        meter?.AddItems(keys.Count - failures.Count);
    }

    // Until TransferEngine copies within the service: the content passes through here.
    private async Task<LabObject> CopyAsync(
        TransferEngine engine, ProgressMeter meter, string bucket, string key, string toBucket, string toKey, bool overwrite,
        CancellationToken cancellation)
    {
        LabObjectMetadata source = await Objects.GetAsync(bucket, key, cancellation);
        await using ObjectWriter writer = new(
            client, engine, toBucket, toKey,
            new UploadOptions { ContentType = source.ContentType, Metadata = source.Metadata, NoClobber = !overwrite }, cancellation);
        await foreach (byte[] chunk in Content.ReadChunksAsync(bucket, key, cancellation))
        {
            await writer.WriteAsync(chunk);
        }

        LabObject copy = await writer.CompleteAsync();
        meter.AddItems();
        return copy;
    }
}
