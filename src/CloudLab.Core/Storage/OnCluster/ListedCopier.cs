using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>Copies objects of a listing to another bucket, each once: what is there already, and is the same, is left alone.</summary>
/// <param name="plan">What to copy where.</param>
/// <param name="source">The service of the source.</param>
/// <param name="destination">The service of the destination.</param>
internal sealed class ListedCopier(TransferPlan plan, StorageClient source, StorageClient destination)
{
    private readonly TransferPlace to = plan.Destination!;
    private readonly ObjectStore here = new(source), there = new(destination);
    private readonly TransferEngine engine = new(destination, plan.ThrottleLimit);

    /// <summary>Copies one object.</summary>
    /// <param name="found">The object.</param>
    /// <param name="key">Key of the copy.</param>
    /// <param name="existing">What a listing shows under that key; null for nothing.</param>
    /// <param name="cancellation">Cancels the copy.</param>
    /// <returns>True where it was copied, false where it was there. Throws <see cref="LabException"/>.</returns>
    public async Task<bool> CopyAsync(LabObject found, string key, LabObject? existing, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (existing is not null && await IsCopyAsync(found, existing, cancellation))
            {
                return false;
            }

            try
            {
                if (existing is not null && plan.NoClobber)
                {
                    throw ObjectUpload.AlreadyExists(to.Bucket, key, new UploadOptions());
                }

                // The service decides, so that two workers of one range (a node that was lost and comes back) store an object once.
                await CopyAsync(found, key, new UploadOptions { StorageClass = plan.StorageClass, NoClobber = existing is null, IfMatch = existing?.ETag }, cancellation);
                return true;
            }
            catch (LabException e) when (attempt < 3 && e.Code is "ObjectAlreadyExists" or "PreconditionFailed" or "ObjectChanged" && !(existing is not null && plan.NoClobber))
            {
                // Somebody was faster at either end: another worker, a first try whose answer was lost, a writer at the source. The service does not say at which.
                existing = await there.FindAsync(to.Bucket, key, new ReadOptions(), cancellation);
                found = await here.GetAsync(found.Bucket, found.Key, new ReadOptions(), cancellation);
            }
        }
    }

    // Entity tags of objects in parts, and of encrypted ones, say nothing across two uploads; then the size and who is younger must do.
    private async Task<bool> IsCopyAsync(LabObject from, LabObject copy, CancellationToken cancellation)
    {
        if (copy.Size != from.Size || copy.ETag == from.ETag || copy.LastModified < from.LastModified)
        {
            return copy.Size == from.Size && copy.ETag == from.ETag;
        }

        // A listing does not say what is encrypted with keys of KMS, whose tags only look like MD5.
        return !IsMd5(from.ETag) || !IsMd5(copy.ETag)
            || Md5(await there.GetAsync(to.Bucket, copy.Key, new ReadOptions(), cancellation)) is null
            || Md5(await here.GetAsync(from.Bucket, from.Key, new ReadOptions(), cancellation)) is null;
    }

    private static string? Md5(LabObjectMetadata stored) => Checksum.Md5OfETag(stored.ETag, stored.ServerSideEncryption);

    private static bool IsMd5(string? etag) => etag is { Length: 32 };

    private async Task CopyAsync(LabObject found, string key, UploadOptions options, CancellationToken cancellation)
    {
        if (!plan.TwoServices)
        {
            await new ObjectCopy(destination, engine.Budget, null).RunListedAsync(found, to.Bucket, key, options, cancellation);
            return;
        }

        LabObjectMetadata from = await here.GetAsync(found.Bucket, found.Key, new ReadOptions { IfMatch = found.ETag }, cancellation);
        UploadOptions said = ObjectCopy.Inherit(options, from);
        if (from.TagCount > 0)
        {
            said = said with { Tags = (await new ObjectTags(source).GetAsync(from.Bucket, from.Key, from.VersionId, cancellation)).Tag };
        }

        await using ObjectReadStream content = await ObjectReadStream.OpenAsync(
            source, found.Bucket, found.Key, new ReadOptions { VersionId = from.VersionId, IfMatch = from.ETag }, null, cancellation);
        await engine.SendAsync(content, to.Bucket, key, said, null, cancellation);
    }
}
