using System.Globalization;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>The unfinished uploads of a service: list, begin, abort.</summary>
/// <param name="client">The service.</param>
public sealed class MultipartUploadStore(StorageClient client)
{
    /// <summary>Lists unfinished uploads, page by page.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="prefix">Beginning of the keys; empty for all.</param>
    /// <param name="olderThan">Only those begun at least so long ago; zero for all.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Uploads without their parts. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public async IAsyncEnumerable<LabMultipartUpload> ListAsync(
        string bucket, string prefix = "", TimeSpan olderThan = default, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // Without an age the server's clock, which may be ahead, does not matter.
        DateTimeOffset latest = olderThan > TimeSpan.Zero ? DateTimeOffset.UtcNow - olderThan : DateTimeOffset.MaxValue;
        string? key = null, id = null;
        bool more = true;
        while (more)
        {
            ListMultipartUploadsResponse page = await client.CallSdkAsync(
                bucket,
                s3 => s3.ListMultipartUploadsAsync(
                    new ListMultipartUploadsRequest
                    {
                        BucketName = bucket, Prefix = prefix, KeyMarker = key, UploadIdMarker = id, Encoding = EncodingType.Url,
                    },
                    cancellation),
                cancellation);
            foreach (MultipartUpload upload in page.MultipartUploads ?? [])
            {
                DateTimeOffset initiated = ToDate(upload.Initiated);
                if (initiated <= latest)
                {
                    yield return client.Origin.Mark(new LabMultipartUpload
                    {
                        Bucket = bucket,
                        Key = ObjectStore.Decode(upload.Key),
                        UploadId = upload.UploadId,
                        Initiated = initiated,
                        StorageClass = upload.StorageClass?.Value,
                        Initiator = string.IsNullOrEmpty(upload.Initiator?.DisplayName) ? upload.Initiator?.Id : upload.Initiator.DisplayName,
                    });
                }
            }

            (string?, string?) last = (key, id);
            (key, id) = (page.NextKeyMarker is { } marker ? ObjectStore.Decode(marker) : null, page.NextUploadIdMarker);
            more = page.IsTruncated is true;
            if (more && (string.IsNullOrEmpty(key) || (key, id) == last))
            {
                throw Endless(bucket, $"Bucket '{bucket}': the list of uploads is incomplete, but the service does not say where it continues.");
            }
        }
    }

    /// <summary>Asks which parts of an upload have arrived.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The same upload with its parts. Throws <see cref="LabException"/> (NoSuchUpload) when it is complete or aborted meanwhile.</returns>
    public async Task<LabMultipartUpload> WithPartsAsync(LabMultipartUpload upload, CancellationToken cancellation = default)
    {
        List<LabUploadPart> parts = [];
        int? marker = null;
        bool more = true;
        while (more)
        {
            ListPartsResponse page = await client.CallSdkAsync(
                upload.Bucket, upload.Key,
                s3 => s3.ListPartsAsync(
                    new ListPartsRequest
                    {
                        BucketName = upload.Bucket,
                        Key = upload.Key,
                        UploadId = upload.UploadId,
                        PartNumberMarker = marker?.ToString(CultureInfo.InvariantCulture),
                    },
                    cancellation),
                cancellation);
            parts.AddRange((page.Parts ?? []).Select(ToPart));
            more = page.IsTruncated is true;
            if (more && (page.NextPartNumberMarker is null || page.NextPartNumberMarker == marker))
            {
                throw Endless(upload, $"{upload}: the list of parts is incomplete, but the service does not say where it continues.");
            }

            marker = page.NextPartNumberMarker;
        }

        return client.Origin.Mark(new LabMultipartUpload
        {
            Bucket = upload.Bucket,
            Key = upload.Key,
            UploadId = upload.UploadId,
            Initiated = upload.Initiated,
            StorageClass = upload.StorageClass,
            Initiator = upload.Initiator,
            Parts = parts,
        });
    }

    /// <summary>Begins an upload in parts.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key of the object to be.</param>
    /// <param name="contentType">Its media type; null for that of the key's extension.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The upload's id. Throws <see cref="LabException"/> (NoSuchBucket, AccessDenied).</returns>
    public async Task<string> CreateAsync(string bucket, string key, string? contentType, CancellationToken cancellation = default) =>
        (await client.CallSdkAsync(
            bucket, key,
            s3 => s3.InitiateMultipartUploadAsync(
                new InitiateMultipartUploadRequest { BucketName = bucket, Key = key, ContentType = contentType ?? ContentTypes.Of(key) }, cancellation),
            cancellation)).UploadId;

    /// <summary>Aborts one upload: its parts are deleted.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (NoSuchUpload) when it was not there.</returns>
    public Task AbortAsync(string bucket, string key, string uploadId, CancellationToken cancellation = default) => client.CallSdkAsync(
        bucket, key,
        s3 => s3.AbortMultipartUploadAsync(
            new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = uploadId }, cancellation),
        cancellation);

    /// <summary>Aborts an upload that a listing has shown. One that has ended by itself meanwhile is no failure.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it is gone. Throws <see cref="LabException"/> (AccessDenied).</returns>
    public async Task AbortListedAsync(LabMultipartUpload upload, CancellationToken cancellation = default)
    {
        try
        {
            await AbortAsync(upload.Bucket, upload.Key, upload.UploadId, cancellation);
        }
        catch (LabException e) when (e.Code == "NoSuchUpload")
        {
            client.Reporter.Verbose($"{upload} has already ended.");
        }
    }

    private static LabUploadPart ToPart(PartDetail part)
    {
        (string? algorithm, string? checksum) =
            part.ChecksumCRC64NVME is { Length: > 0 } crc64 ? ("CRC64NVME", crc64)
            : part.ChecksumCRC32C is { Length: > 0 } crc32C ? ("CRC32C", crc32C)
            : part.ChecksumCRC32 is { Length: > 0 } crc32 ? ("CRC32", crc32)
            : part.ChecksumSHA256 is { Length: > 0 } sha256 ? ("SHA256", sha256)
            : part.ChecksumSHA1 is { Length: > 0 } sha1 ? ("SHA1", sha1)
            : ((string?)null, (string?)null);
        return new LabUploadPart
        {
            PartNumber = part.PartNumber ?? 0,
            Size = part.Size ?? 0,
            ETag = part.ETag?.Trim('"'),
            ChecksumAlgorithm = algorithm,
            Checksum = checksum,
            LastModified = ToDate(part.LastModified),
        };
    }

    private static DateTimeOffset ToDate(DateTime? date) => date is { } known ? new DateTimeOffset(known.ToUniversalTime()) : default;

    private static LabException Endless(object target, string text) =>
        new(LabErrorKind.ServiceFailed, "InvalidResponse", text) { Target = target };
}
