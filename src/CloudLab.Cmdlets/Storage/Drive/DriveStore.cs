using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What a drive does with buckets, objects and prefixes: find, list, remove, copy. No PowerShell in it.</summary>
/// <param name="client">The service.</param>
/// <param name="reporter">Who hears of progress.</param>
internal sealed class DriveStore(StorageClient client, IReporter reporter)
{
    private readonly TransferEngine engine = new(client);

    /// <summary>The service's buckets.</summary>
    public BucketStore Buckets { get; } = new(client);

    /// <summary>The service's objects.</summary>
    public ObjectStore Objects { get; } = new(client);

    /// <summary>The content of objects.</summary>
    public ObjectContent Content { get; } = new(client);

    /// <summary>What everything on the drive remembers.</summary>
    public SessionOrigin Origin => client.Origin;

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
            : Objects.FindAsync(at.Bucket, at.Key!, ReadOptions.Default, cancellation);
        await Task.WhenAll(isFolder, file).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (isFolder.IsCompletedSuccessfully && isFolder.Result)
        {
            return Origin.Mark(new LabPrefix { Bucket = at.Bucket, Prefix = at.Prefix });
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
            Objects.ListAsync(All(at) with { Prefix = at.Prefix + start, Delimiter = "/" }, cancellation), cancellation);

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
            await foreach (DriveItem item in new FolderView(at.Bucket, at.Prefix).TreeAsync(Objects.ListAsync(All(at), cancellation), cancellation))
            {
                // Folders are made of the keys in them.
                Origin.Mark((ISessionItem)item.Item);
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
    /// <param name="takes">Picks objects; null for all.</param>
    /// <param name="failed">Hears of each key that could not be deleted.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when all is deleted or reported.</returns>
    public async Task RemoveTreeAsync(
        DriveLocation at, Func<LabObject, Task<bool>>? takes, Action<LabException> failed, CancellationToken cancellation)
    {
        const int BatchesAtOnce = 4;
        using ProgressMeter meter = new(reporter, $"Deleting {at}");
        await Parallel.ForEachAsync(
            BatchesAsync(at, takes, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = BatchesAtOnce, CancellationToken = cancellation },
            async (batch, token) =>
            {
                IReadOnlyList<LabException> failures = await Objects.RemoveAsync(at.Bucket, batch.Select(entry => entry.Key), token);
                meter.AddItems(batch.Count - failures.Count);
                foreach (LabException failure in failures)
                {
                    failed(failure);
                }
            });
    }

    /// <summary>Copies or moves an object within the service; a move deletes the source once the copy is there.</summary>
    /// <param name="source">The object.</param>
    /// <param name="to">Where to.</param>
    /// <param name="move">True to move.</param>
    /// <param name="overwrite">True replaces an object that exists; else it is an error.</param>
    /// <param name="cancellation">Cancels the copy.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>.</returns>
    public async Task<LabObject> CopyAsync(DriveLocation source, DriveLocation to, bool move, bool overwrite, CancellationToken cancellation)
    {
        using ProgressMeter meter = Meter(source, move);
        LabTransfer copy = await CopyAsync(source.Bucket, source.Key!, to.Bucket, to.Key!, move, overwrite, meter, cancellation);
        return Origin.Mark(new LabObject
        {
            Bucket = copy.Bucket,
            Key = copy.Key,
            Size = copy.Size,
            LastModified = DateTimeOffset.UtcNow,
            ETag = copy.ETag,
            VersionId = copy.VersionId,
        });
    }

    /// <summary>The same for everything under a prefix, several objects at once.</summary>
    /// <param name="source">The bucket or prefix.</param>
    /// <param name="to">The bucket or prefix that the keys begin with afterwards.</param>
    /// <param name="move">True to move.</param>
    /// <param name="overwrite">True replaces objects that exist; else each is an error.</param>
    /// <param name="takes">Picks objects; null for all.</param>
    /// <param name="failed">Hears of each object that could not be copied, or deleted afterwards; it stays where it was.</param>
    /// <param name="cancellation">Cancels the copies.</param>
    /// <returns>True if there was anything to copy, once each object is copied or reported.</returns>
    public async Task<bool> CopyTreeAsync(
        DriveLocation source, DriveLocation to, bool move, bool overwrite, Func<LabObject, Task<bool>>? takes, Action<LabException> failed,
        CancellationToken cancellation)
    {
        bool any = false;
        using ProgressMeter meter = Meter(source, move);
        await Parallel.ForEachAsync(
            BatchesAsync(source, takes, cancellation).SelectMany(batch => batch),
            new ParallelOptions { MaxDegreeOfParallelism = TransferEngine.DefaultThrottle, CancellationToken = cancellation },
            async (entry, token) =>
            {
                string key = entry.Key;
                any = true;
                try
                {
                    await CopyAsync(source.Bucket, key, to.Bucket, to.Prefix + key[source.Prefix.Length..], move, overwrite, meter, token);
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    failed(e);
                }
            });
        return any;
    }

    /// <summary>Begins to write an object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="cancellation">Cancels the upload.</param>
    /// <returns>The writer.</returns>
    public ObjectWriter Write(string bucket, string key, UploadOptions options, CancellationToken cancellation) =>
        new(client, engine, bucket, key, options, cancellation: cancellation);

    /// <summary>Writes a small object as a whole.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="content">What is in it.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object.</returns>
    public async Task<LabObject> WriteAsync(string bucket, string key, byte[] content, UploadOptions options, CancellationToken cancellation)
    {
        await using ObjectWriter writer = Write(bucket, key, options, cancellation);
        await writer.WriteAsync(content);
        return await writer.CompleteAsync();
    }

    /// <summary>How an object is written where one may be already.</summary>
    /// <param name="keep">True refuses to replace it.</param>
    /// <returns>Options of an upload or a copy.</returns>
    public static UploadOptions Keeping(bool keep) => new()
    {
        NoClobber = keep, ReplaceAdvice = "Choose another name, or replace it with -Force (New-Item, Move-Item).",
    };

    /// <summary>What an object is written again with, so that it stays what it was and nobody else's change is lost.</summary>
    /// <param name="old">The object.</param>
    /// <returns>Options of an upload.</returns>
    public static UploadOptions Again(LabObjectMetadata old) => new()
    {
        ContentType = old.ContentType,
        Metadata = old.Metadata,
        CacheControl = old.CacheControl,
        ContentDisposition = old.ContentDisposition,
        ContentEncoding = old.ContentEncoding,
        ContentLanguage = old.ContentLanguage,
        IfMatch = old.ETag,
    };

    private async IAsyncEnumerable<IReadOnlyList<LabObject>> BatchesAsync(
        DriveLocation at, Func<LabObject, Task<bool>>? takes, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (IReadOnlyList<object> page in Objects.ListPagesAsync(All(at), cancellation))
        {
            List<LabObject> batch = new(page.Count);
            foreach (LabObject entry in page.Cast<LabObject>())
            {
                if (takes is null || await takes(entry))
                {
                    batch.Add(entry);
                }
            }

            yield return batch;
        }
    }

    private static ObjectListing All(DriveLocation at) => new() { Bucket = at.Bucket, Prefix = at.Prefix };

    private ProgressMeter Meter(DriveLocation source, bool move) => new(reporter, $"{(move ? "Moving" : "Copying")} {source}");

    private Task<LabTransfer> CopyAsync(
        string bucket, string key, string toBucket, string toKey, bool move, bool overwrite, ProgressMeter meter, CancellationToken cancellation)
    {
        UploadOptions options = Keeping(!overwrite);
        return move
            ? new ObjectMover(client, engine).MoveAsync(bucket, key, ReadOptions.Default, toBucket, toKey, options, meter, cancellation)
            : engine.CopyAsync(bucket, key, ReadOptions.Default, toBucket, toKey, options, meter, cancellation);
    }

    private async IAsyncEnumerable<DriveItem> BucketsAsync(string start, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (LabBucket bucket in Buckets.ListAsync(start.Length > 0 ? start : null, cancellation))
        {
            yield return new DriveItem(bucket, bucket.Bucket, true);
        }
    }

    private async Task<bool> HasKeysAsync(DriveLocation at, int atLeast, CancellationToken cancellation)
    {
        await foreach (object entry in Objects.ListAsync(
            All(at) with { PageSize = atLeast }, cancellation))
        {
            if (atLeast == 1 || !FolderView.IsMark((LabObject)entry) || ((LabObject)entry).Key != at.Prefix)
            {
                return true;
            }
        }

        return false;
    }
}
