using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Errors;

namespace CloudLab.Core.Storage;

/// <summary>The objects of a service: list, look up, read, delete.</summary>
/// <param name="client">The service.</param>
public sealed class ObjectStore(StorageClient client)
{
    /// <summary>Most keys in one bulk delete.</summary>
    public const int MostKeysInBatch = 1000;

    private const int Attempts = 4;

    /// <summary>
    /// Lists objects in the order of their keys' bytes, page by page: the next page is fetched while this one is
    /// consumed, and nothing more is fetched once the consumer stops.
    /// </summary>
    /// <param name="listing">What to list.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns><see cref="LabObject"/>s; with a delimiter also <see cref="LabPrefix"/>es, first in each page.</returns>
    public async IAsyncEnumerable<object> ListAsync(
        ObjectListing listing, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<ListObjectsV2Response>? next = FetchAsync(listing, null, stop.Token);
        try
        {
            while (next is not null)
            {
                ListObjectsV2Response page = await next;
                next = page.IsTruncated is true ? FetchAsync(listing, page.NextContinuationToken, stop.Token) : null;
                foreach (string encoded in page.CommonPrefixes ?? [])
                {
                    string prefix = Decode(encoded);
                    if (listing.Filter is null || listing.Filter(prefix))
                    {
                        yield return new LabPrefix { Bucket = listing.Bucket, Prefix = prefix };
                    }
                }

                foreach (S3Object entry in page.S3Objects ?? [])
                {
                    string key = Decode(entry.Key);
                    if (listing.Filter is null || listing.Filter(key))
                    {
                        yield return new LabObject
                        {
                            Bucket = listing.Bucket,
                            Key = key,
                            Size = entry.Size ?? 0,
                            LastModified = ToDate(entry.LastModified),
                            ETag = entry.ETag?.Trim('"'),
                            StorageClass = entry.StorageClass?.Value,
                        };
                    }
                }
            }
        }
        finally
        {
            if (next is not null)
            {
                await stop.CancelAsync();
                await next.ContinueWith(
                    static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Looks one object up.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object. Throws <see cref="LabException"/>: NoSuchKey, NoSuchBucket.</returns>
    public async Task<LabObjectMetadata> GetAsync(string bucket, string key, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, key, cancellation);
        }
        catch (LabException e) when (e.Code == "NoSuchKey")
        {
            // The answer to HEAD has no body that would say which of the two is missing.
            await client.CallAsync(bucket, s3 => s3.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellation), cancellation);
            throw;
        }
    }

    /// <summary>Looks for an object that may not be there.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The object, or null where it, or its bucket, does not exist.</returns>
    public async Task<LabObjectMetadata?> FindAsync(string bucket, string key, CancellationToken cancellation = default)
    {
        try
        {
            return await HeadAsync(bucket, key, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>Deletes up to 1,000 objects with one request. What does not exist counts as deleted.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>One exception for each key that could not be deleted. Throws <see cref="LabException"/> when the request as a whole failed.</returns>
    public Task<IReadOnlyList<LabException>> RemoveAsync(
        string bucket, IReadOnlyCollection<string> keys, CancellationToken cancellation = default) =>
        RemoveAsync(bucket, [.. keys.Select(key => new KeyVersion { Key = key })], cancellation);

    /// <summary>Deletes objects, or single versions of them.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="victims">Up to 1,000 keys with or without version.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>One exception for each that could not be deleted.</returns>
    internal async Task<IReadOnlyList<LabException>> RemoveAsync(
        string bucket, List<KeyVersion> victims, CancellationToken cancellation)
    {
        List<LabException> failures = [];
        List<KeyVersion> batch = [];
        foreach (KeyVersion victim in victims)
        {
            try
            {
                ObjectName.Validate(bucket, victim.Key);
                if (ObjectName.FitsXml(victim.Key))
                {
                    batch.Add(victim);
                    continue;
                }

                await client.CallAsync(
                    bucket, victim.Key,
                    s3 => s3.DeleteObjectAsync(
                        new DeleteObjectRequest { BucketName = bucket, Key = victim.Key, VersionId = victim.VersionId }, cancellation),
                    cancellation);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                failures.Add(e);
            }
        }

        for (int attempt = 1; batch.Count > 0; attempt++)
        {
            List<DeleteError> errors = await RemoveBatchAsync(bucket, batch, cancellation);
            bool retry = attempt < Attempts;
            HashSet<(string, string?)> again = [];
            foreach (DeleteError error in errors)
            {
                if (retry && error.Code is "InternalError" or "SlowDown" or "ServiceUnavailable")
                {
                    again.Add((error.Key, NullIfEmpty(error.VersionId)));
                }
                else
                {
                    failures.Add(ToException(bucket, error));
                }
            }

            batch.RemoveAll(victim => !again.Contains((victim.Key, NullIfEmpty(victim.VersionId))));
            if (batch.Count > 0)
            {
                await Backoff.DelayAsync(attempt, cancellation);
            }
        }

        return failures;
    }

    /// <summary>Reverses <c>encoding-type=url</c>.</summary>
    /// <param name="encoded">A key as listings carry it, so that XML 1.0 can hold any.</param>
    /// <returns>The key itself.</returns>
    internal static string Decode(string encoded) =>
        encoded.AsSpan().IndexOfAny('%', '+') < 0 ? encoded : Uri.UnescapeDataString(encoded.Replace('+', ' '));

    /// <summary>A date of the SDK.</summary>
    /// <param name="date">UTC, or null.</param>
    /// <returns>The same moment; the beginning of time where there is none.</returns>
    internal static DateTimeOffset ToDate(DateTime? date) => date is { } known ? new DateTimeOffset(known.ToUniversalTime()) : default;

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static LabException ToException(string bucket, DeleteError error) => StorageClient.Problem(
        error.Code switch
        {
            "AccessDenied" => LabErrorKind.AccessDenied,
            "NoSuchKey" or "NoSuchVersion" => LabErrorKind.NotFound,
            "SlowDown" => LabErrorKind.LimitExceeded,
            _ => LabErrorKind.ServiceFailed,
        },
        string.IsNullOrEmpty(error.Code) ? "DeleteFailed" : error.Code, bucket, error.Key,
        $"could not be deleted: {(string.IsNullOrEmpty(error.Message) ? "the service gives no reason" : error.Message.TrimEnd('.'))} ({error.Code}).");

    private async Task<List<DeleteError>> RemoveBatchAsync(string bucket, List<KeyVersion> batch, CancellationToken cancellation)
    {
        try
        {
            DeleteObjectsResponse answer = await client.CallAsync(
                bucket,
                async s3 =>
                {
                    try
                    {
                        return await s3.DeleteObjectsAsync(
                            new DeleteObjectsRequest { BucketName = bucket, Objects = batch, Quiet = true }, cancellation);
                    }
                    catch (DeleteObjectsException e)
                    {
                        return e.Response;
                    }
                },
                cancellation);
            return answer.DeleteErrors ?? [];
        }
        catch (LabException e) when (e.Kind == LabErrorKind.Corrupted)
        {
            return [.. batch.Select(victim => new DeleteError { Key = victim.Key, VersionId = victim.VersionId, Code = "InternalError", Message = e.Message })];
        }
    }

    private async Task<LabObjectMetadata> HeadAsync(string bucket, string key, CancellationToken cancellation)
    {
        GetObjectMetadataResponse answer = await client.CallAsync(
            bucket, key,
            s3 => s3.GetObjectMetadataAsync(
                new GetObjectMetadataRequest { BucketName = bucket, Key = key, ChecksumMode = ChecksumMode.ENABLED }, cancellation),
            cancellation);
        (string? algorithm, string? checksum) =
            answer.ChecksumCRC64NVME is { Length: > 0 } crc64 ? ("CRC64NVME", crc64)
            : answer.ChecksumCRC32C is { Length: > 0 } crc32C ? ("CRC32C", crc32C)
            : answer.ChecksumCRC32 is { Length: > 0 } crc32 ? ("CRC32", crc32)
            : answer.ChecksumSHA256 is { Length: > 0 } sha256 ? ("SHA256", sha256)
            : answer.ChecksumSHA1 is { Length: > 0 } sha1 ? ("SHA1", sha1)
            : ((string?)null, (string?)null);
        Dictionary<string, string> metadata = new(StringComparer.OrdinalIgnoreCase);
        foreach (string name in answer.Metadata.Keys)
        {
            metadata[name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase) ? name[11..] : name] = answer.Metadata[name];
        }

        return new LabObjectMetadata
        {
            Bucket = bucket,
            Key = key,
            Size = answer.Headers.ContentLength,
            LastModified = ToDate(answer.LastModified),
            ETag = answer.ETag?.Trim('"'),
            StorageClass = answer.StorageClass?.Value is { Length: > 0 } given ? given : "STANDARD",
            VersionId = NullIfEmpty(answer.VersionId),
            ContentType = NullIfEmpty(answer.Headers.ContentType),
            ContentEncoding = NullIfEmpty(answer.Headers.ContentEncoding),
            CacheControl = NullIfEmpty(answer.Headers.CacheControl),
            ContentDisposition = NullIfEmpty(answer.Headers.ContentDisposition),
            Metadata = metadata,
            ChecksumAlgorithm = algorithm,
            Checksum = checksum,
            ServerSideEncryption = NullIfEmpty(answer.ServerSideEncryptionMethod?.Value),
            RestoreInProgress = answer.RestoreInProgress,
            RestoreExpires = answer.RestoreExpiration is { } expires ? ToDate(expires) : null,
        };
    }

    private async Task<ListObjectsV2Response> FetchAsync(ObjectListing listing, string? token, CancellationToken cancellation)
    {
        ListObjectsV2Response page = await client.CallAsync(
            listing.Bucket,
            s3 => s3.ListObjectsV2Async(
                new ListObjectsV2Request
                {
                    BucketName = listing.Bucket,
                    Prefix = listing.Prefix,
                    Delimiter = listing.Delimiter,
                    StartAfter = token is null ? listing.StartAfter : null,
                    MaxKeys = listing.PageSize,
                    ContinuationToken = token,
                    Encoding = EncodingType.Url,
                },
                cancellation),
            cancellation);
        if (page.IsTruncated is true && (string.IsNullOrEmpty(page.NextContinuationToken) || page.NextContinuationToken == token))
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "InvalidResponse",
                $"Bucket '{listing.Bucket}': the service says the listing goes on but not where.") { Target = listing.Bucket };
        }

        return page;
    }
}
