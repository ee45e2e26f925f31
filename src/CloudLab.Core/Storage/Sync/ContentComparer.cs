using CloudLab.Core.Errors;
using CloudLab.Core.Storage.Checksums;

namespace CloudLab.Core.Storage.Sync;

/// <summary>Tells by checksums, without moving the content, whether two things of the same size hold the same.</summary>
/// <param name="objects">The service's objects.</param>
internal sealed class ContentComparer(ObjectStore objects)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Compares a file with an object.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="etag">Entity tag of the object in the listing.</param>
    /// <param name="cancellation">Cancels the comparison.</param>
    /// <returns>True where they are the same, false where not, null where the service keeps no checksum of the whole.</returns>
    public async Task<bool?> CompareFileAsync(string path, string bucket, string key, string? etag, CancellationToken cancellation)
    {
        // Most often the listing has the MD5 already, and no request is needed. A tag that differs may still be none.
        if (ContentCheck.Md5OfETag(etag, null, null) is not null
            && await HoldsAsync(path, ContentCheck.For(new LabObjectMetadata { Bucket = bucket, Key = key, ETag = etag }), cancellation))
        {
            return true;
        }

        ContentCheck check = ContentCheck.For(await objects.GetAsync(bucket, key, cancellation));
        return check.ProvesContent ? await HoldsAsync(path, check, cancellation) : null;
    }

    /// <summary>Compares two objects.</summary>
    /// <param name="bucket">Bucket of the first.</param>
    /// <param name="key">Key of the first.</param>
    /// <param name="otherBucket">Bucket of the second.</param>
    /// <param name="otherKey">Key of the second.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>True where they are the same, false where not, null where the service keeps nothing that both have.</returns>
    public async Task<bool?> CompareObjectsAsync(string bucket, string key, string otherBucket, string otherKey, CancellationToken cancellation)
    {
        Task<LabObjectMetadata> first = objects.GetAsync(bucket, key, cancellation), second = objects.GetAsync(otherBucket, otherKey, cancellation);
        await Task.WhenAll(first, second);
        (LabObjectMetadata a, LabObjectMetadata b) = (await first, await second);
        if (a.ETag == b.ETag && a.ServerSideEncryption == b.ServerSideEncryption)
        {
            return true;
        }

        // What is made of the checksums of parts depends on the parts: it can prove that two are the same, not that they differ.
        if (a.Checksum is { } x && b.Checksum is { } y && a.ChecksumAlgorithm == b.ChecksumAlgorithm)
        {
            return x == y ? true : IsOfWhole(x) && IsOfWhole(y) ? false : null;
        }

        return Md5(a) is not null && Md5(b) is not null ? false : null;
    }

    private static string? Md5(LabObjectMetadata stored) => ContentCheck.Md5OfETag(stored.ETag, stored.ServerSideEncryption, null);

    private static bool IsOfWhole(string checksum) => !checksum.Contains('-', StringComparison.Ordinal);

    private static async Task<bool> HoldsAsync(string path, ContentCheck check, CancellationToken cancellation)
    {
        using (check)
        {
            try
            {
                await using FileStream file = new(
                    path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0, FileOptions.SequentialScan | FileOptions.Asynchronous);
                byte[] buffer = new byte[BufferSize];
                int count;
                while ((count = await file.ReadAsync(buffer, cancellation)) > 0)
                {
                    check.Append(buffer.AsSpan(0, count));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFiles.CannotRead(path, e);
            }

            return check.Holds();
        }
    }
}
