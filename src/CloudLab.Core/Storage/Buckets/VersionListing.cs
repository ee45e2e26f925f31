using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Errors;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>All versions and delete markers in a bucket.</summary>
/// <param name="client">The service.</param>
/// <param name="bucket">The bucket.</param>
internal sealed class VersionListing(StorageClient client, string bucket)
{
    /// <summary>Lists page by page, in the order of the keys' bytes and of each key the newest first.</summary>
    /// <param name="after">Only keys behind this one; null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Up to 1,000 versions and delete markers at a time, with their keys as they are.</returns>
    public async IAsyncEnumerable<List<S3ObjectVersion>> PagesAsync(string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? key = after, version = null;
        bool more = true;
        while (more)
        {
            ListVersionsRequest request = new() { BucketName = bucket, KeyMarker = key, VersionIdMarker = version, Encoding = EncodingType.Url };
            ListVersionsResponse page = await client.CallAsync(bucket, s3 => s3.ListVersionsAsync(request, cancellation), cancellation);
            List<S3ObjectVersion> versions = page.Versions ?? [];
            foreach (S3ObjectVersion entry in versions)
            {
                entry.Key = ObjectStore.Decode(entry.Key);
            }

            yield return versions;
            (string?, string?) last = (key, version);
            (key, version) = (page.NextKeyMarker is { } marker ? ObjectStore.Decode(marker) : null, page.NextVersionIdMarker);
            more = page.IsTruncated is true;
            if (more && (key is null || (key, version) == last))
            {
                throw new LabException(
                    LabErrorKind.ServiceFailed, "InvalidResponse",
                    $"Bucket '{bucket}': the service says the listing goes on but not where.") { Target = bucket };
            }
        }
    }
}
