using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;

namespace CloudLab.Core.Storage;

/// <summary>The buckets of a service: list, look up, create, remove.</summary>
/// <param name="client">The service.</param>
public sealed class BucketStore(StorageClient client)
{
    private const int BatchesAtOnce = 4;

    /// <summary>Lists the caller's buckets by name.</summary>
    /// <param name="prefix">Beginning of the names, or null for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Buckets, page by page.</returns>
    public async IAsyncEnumerable<LabBucket> ListAsync(
        string? prefix = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? token = null;
        do
        {
            ListBucketsResponse page = await client.CallAsync(
                "Buckets", null, "NotFound",
                s3 => s3.ListBucketsAsync(new ListBucketsRequest { Prefix = prefix, ContinuationToken = token }, cancellation),
                cancellation);
            foreach (S3Bucket bucket in page.Buckets ?? [])
            {
                // Some servers leave the prefix out of account.
                if (prefix is null || bucket.BucketName.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield return new LabBucket
                    {
                        Bucket = bucket.BucketName,
                        Region = string.IsNullOrEmpty(bucket.BucketRegion) ? null : bucket.BucketRegion,
                        CreationDate = bucket.CreationDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
                    };
                }
            }

            token = page.ContinuationToken == token ? null : page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(token));
    }

    /// <summary>Looks one bucket up.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The bucket; its creation date only if it is the caller's own. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public async Task<LabBucket> GetAsync(string bucket, CancellationToken cancellation = default)
    {
        BucketName.Validate(bucket);
        try
        {
            await foreach (LabBucket own in ListAsync(bucket, cancellation))
            {
                if (own.Bucket == bucket)
                {
                    return own;
                }
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.AccessDenied or LabErrorKind.NotSupported)
        {
            client.Reporter.Verbose($"The caller may not list buckets, so '{bucket}' shows without its creation date.");
        }

        return await HeadAsync(bucket, cancellation);
    }

    /// <summary>Looks for a bucket that may not be there.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The bucket, or null. Throws <see cref="LabException"/> (AccessDenied) where somebody else owns the name.</returns>
    public async Task<LabBucket?> FindAsync(string bucket, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Creates a bucket.</summary>
    /// <param name="bucket">Its name; checked against S3's naming rules first.</param>
    /// <param name="region">Region to create it in; null for the connection's own (a server that is not Amazon's then decides).</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The new bucket. Throws <see cref="LabException"/>: InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou.</returns>
    public async Task<LabBucket> CreateAsync(string bucket, string? region = null, CancellationToken cancellation = default)
    {
        BucketName.ValidateNew(bucket);
        string? where = region ?? (client.HasOwnEndpoint ? null : client.Region);
        await client.CallAsync(
            bucket,
            s3 => s3.PutBucketAsync(
                new PutBucketRequest
                {
                    BucketName = bucket,
                    // us-east-1 is the one region that must not be named.
                    PutBucketConfiguration = where is null or "us-east-1" ? null : new PutBucketConfiguration { LocationConstraint = where },
                },
                cancellation),
            cancellation);
        return new LabBucket { Bucket = bucket, Region = where ?? client.Region, CreationDate = DateTimeOffset.UtcNow };
    }

    /// <summary>Removes a bucket.</summary>
    /// <param name="bucket">Its name.</param>
    /// <param name="empty">True removes what is in it first: objects with all versions, and unfinished uploads.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Errors of single objects; the bucket is gone if there are none. Throws <see cref="LabException"/>: NoSuchBucket, BucketNotEmpty.</returns>
    public async Task<IReadOnlyList<LabException>> RemoveAsync(string bucket, bool empty, CancellationToken cancellation = default)
    {
        if (empty)
        {
            List<LabException> failures = await EmptyAsync(bucket, cancellation);
            if (failures.Count > 0)
            {
                return failures;
            }
        }

        await client.CallAsync(
            bucket, s3 => s3.DeleteBucketAsync(new DeleteBucketRequest { BucketName = bucket }, cancellation), cancellation);
        return [];
    }

    private async Task<LabBucket> HeadAsync(string bucket, CancellationToken cancellation)
    {
        HeadBucketResponse answer = await client.CallAsync(
            bucket, s3 => s3.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellation), cancellation);
        return new LabBucket { Bucket = bucket, Region = string.IsNullOrEmpty(answer.BucketRegion) ? null : answer.BucketRegion };
    }

    private async Task<List<LabException>> EmptyAsync(string bucket, CancellationToken cancellation)
    {
        using ProgressMeter meter = new(client.Reporter, $"Emptying s3://{bucket}");
        ObjectStore objects = new(client);
        List<LabException> failures = [];
        await Parallel.ForEachAsync(
            ContentsAsync(bucket, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = BatchesAtOnce, CancellationToken = cancellation },
            async (batch, token) =>
            {
                int count = batch.Count;
                IReadOnlyList<LabException> failed = await objects.RemoveAsync(bucket, batch, false, token);
                meter.AddItems(count - failed.Count);
                lock (failures)
                {
                    failures.AddRange(failed);
                }
            });
        await AbortUploadsAsync(bucket, cancellation);
        return failures;
    }

    private async IAsyncEnumerable<IReadOnlyCollection<ObjectVersion>> ContentsAsync(
        string bucket, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectStore objects = new(client);
        IAsyncEnumerator<IReadOnlyList<object>> pages =
            objects.ListPagesAsync(new ObjectListing { Bucket = bucket, Versions = true }, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            bool more;
            try
            {
                more = await pages.MoveNextAsync();
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
            {
                await pages.DisposeAsync();
                pages = objects.ListPagesAsync(new ObjectListing { Bucket = bucket }, cancellation).GetAsyncEnumerator(cancellation);
                more = await pages.MoveNextAsync();
            }

            for (; more; more = await pages.MoveNextAsync())
            {
                yield return [.. pages.Current.Cast<LabObject>().Select(entry => new ObjectVersion(entry.Key, entry.VersionId))];
            }
        }
        finally
        {
            await pages.DisposeAsync();
        }
    }

    private async Task AbortUploadsAsync(string bucket, CancellationToken cancellation)
    {
        string? key = null, id = null;
        bool more = true;
        while (more)
        {
            ListMultipartUploadsResponse page = await client.CallAsync(
                bucket,
                s3 => s3.ListMultipartUploadsAsync(
                    new ListMultipartUploadsRequest { BucketName = bucket, KeyMarker = key, UploadIdMarker = id, Encoding = Amazon.S3.EncodingType.Url },
                    cancellation),
                cancellation);
            foreach (MultipartUpload upload in page.MultipartUploads ?? [])
            {
                string name = ObjectStore.Decode(upload.Key);
                await client.CallAsync(
                    bucket, name,
                    s3 => s3.AbortMultipartUploadAsync(
                        new AbortMultipartUploadRequest { BucketName = bucket, Key = name, UploadId = upload.UploadId }, cancellation),
                    cancellation);
            }

            (string?, string?) last = (key, id);
            (key, id) = (page.NextKeyMarker is { } marker ? ObjectStore.Decode(marker) : null, page.NextUploadIdMarker);
            more = page.IsTruncated is true && (key, id) != last;
        }
    }
}
