using System.Buffers;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;
using CloudLab.Core.Storage.Checksums;

namespace CloudLab.Core.Storage;

/// <summary>
/// Writes one object: with one request if it fits into a part, else in parts, several at once. Each request carries
/// the CRC-32 of its body and the service's own is compared. Nothing is visible before <see cref="CompleteAsync"/>;
/// an upload that is disposed before is aborted. One caller at a time.
/// </summary>
internal sealed class ObjectUpload : IAsyncDisposable
{
    private const int SmallestPart = 8 * 1024 * 1024;
    private const int MostParts = 10_000;

    // Content of unknown length: parts grow by this many part sizes each thousand parts, so that 10,000 hold 5 TiB.
    private const int PartsOfOneSize = 1000;
    private const int Attempts = 4;
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(10);

    private readonly StorageClient client;
    private readonly TransferEngine engine;
    private readonly string bucket;
    private readonly string key;
    private readonly UploadOptions options;
    private readonly long? length;
    private readonly ProgressMeter? meter;
    private readonly CancellationToken asked;
    private readonly CancellationTokenSource stop;
    private readonly List<Task<Part>> parts = [];

    private byte[]? buffer;
    private int capacity;
    private int filled;
    private string? uploadId;
    private bool closed;

    /// <summary>Begins an upload; nothing is sent yet.</summary>
    /// <param name="client">The service.</param>
    /// <param name="engine">Limits the requests in flight.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="length">Length of the content if known: parts and buffers are sized by it.</param>
    /// <param name="meter">Counts bytes as they are stored, or null.</param>
    /// <param name="cancellation">Cancels the upload.</param>
    public ObjectUpload(
        StorageClient client, TransferEngine engine, string bucket, string key, UploadOptions options, long? length,
        ProgressMeter? meter, CancellationToken cancellation)
    {
        this.client = client;
        this.engine = engine;
        this.bucket = BucketName.Validate(bucket);
        this.key = ObjectName.Validate(bucket, key);
        this.options = options.Validate();
        this.length = length;
        this.meter = meter;
        asked = cancellation;
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Room for the next bytes, never empty; sends the part before when it is full.</summary>
    /// <returns>Memory to write into; then call <see cref="Advance"/>.</returns>
    public async ValueTask<Memory<byte>> SpaceAsync()
    {
        try
        {
            if (buffer is not null && filled == capacity)
            {
                await SendPartAsync();
            }

            if (buffer is null)
            {
                capacity = NextCapacity();
                await engine.EnterAsync(stop.Token);
                buffer = ArrayPool<byte>.Shared.Rent(capacity);
            }

            return buffer.AsMemory(filled, capacity - filled);
        }
        catch (OperationCanceledException) when (!asked.IsCancellationRequested)
        {
            // Nobody but a lost part has cancelled: its error is the news.
            await Task.WhenAll(parts);
            throw;
        }
    }

    /// <summary>Says how much of the room was used.</summary>
    /// <param name="count">Number of bytes.</param>
    public void Advance(int count) => filled += count;

    /// <summary>Appends bytes.</summary>
    /// <param name="data">Bytes; copied.</param>
    /// <returns>Done when they are taken.</returns>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data)
    {
        while (data.Length > 0)
        {
            Memory<byte> space = await SpaceAsync();
            int count = Math.Min(space.Length, data.Length);
            data[..count].CopyTo(space);
            Advance(count);
            data = data[count..];
        }
    }

    /// <summary>Makes the object visible under its key.</summary>
    /// <returns>What the service stored.</returns>
    public async Task<StoredObject> CompleteAsync()
    {
        StoredObject stored;
        if (parts.Count == 0)
        {
            if (buffer is null)
            {
                await SpaceAsync();
            }

            stored = await PutAsync();
        }
        else
        {
            if (filled > 0)
            {
                await SendPartAsync();
            }

            ReturnBuffer();
            stored = await CompletePartsAsync(await Task.WhenAll(parts));
        }

        closed = true;
        return stored;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!closed)
        {
            await stop.CancelAsync();
        }

        ReturnBuffer();
        foreach (Task<Part> part in parts)
        {
            // Its error, if any, has been thrown to the caller or gave way to another one.
            await ((Task)part).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!closed && uploadId is not null)
        {
            await AbortAsync();
        }

        closed = true;
        stop.Dispose();
    }

    private static int RoundUpToMebibyte(long size) => (int)Math.Min((size + 0xFFFFF) & ~0xFFFFFL, 1 << 30);

    private int NextCapacity()
    {
        if (length is { } known)
        {
            int partSize = Math.Max(SmallestPart, RoundUpToMebibyte(known / MostParts + 1));
            return (int)Math.Clamp(known - (long)parts.Count * partSize, 1, partSize);
        }

        return SmallestPart * (1 + parts.Count / PartsOfOneSize * 12);
    }

    private async Task SendPartAsync()
    {
        if (uploadId is null)
        {
            InitiateMultipartUploadRequest request = new()
            {
                BucketName = bucket,
                Key = key,
                ContentType = options.ContentType ?? ContentTypes.Of(key),
                ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                ChecksumType = ChecksumType.FULL_OBJECT,
            };
            AddMetadata(request.Metadata);
            uploadId = (await client.CallAsync(bucket, key, s3 => s3.InitiateMultipartUploadAsync(request, stop.Token), stop.Token)).UploadId;
        }

        if (parts.Count == MostParts)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "EntityTooLarge", bucket, key, $"the content is longer than {MostParts} parts hold.");
        }

        byte[] content = buffer!;
        int count = filled, number = parts.Count + 1;
        (buffer, filled) = (null, 0);
        parts.Add(Task.Run(async () =>
        {
            try
            {
                return await UploadPartAsync(number, content, count);
            }
            catch
            {
                // One lost part loses the object: the others need not go on.
                await stop.CancelAsync();
                throw;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(content);
                engine.Leave();
            }
        }));
    }

    private async Task<Part> UploadPartAsync(int number, byte[] content, int count)
    {
        uint crc = Crc32.Append(0, content.AsSpan(0, count));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                UploadPartResponse answer = await client.CallAsync(
                    bucket, key,
                    s3 => s3.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = bucket,
                            Key = key,
                            UploadId = uploadId,
                            PartNumber = number,
                            InputStream = new MemoryStream(content, 0, count, writable: false),
                            UseChunkEncoding = false,
                            DisablePayloadSigning = client.IsEncrypted,
                            ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                            ChecksumCRC32 = ContentCheck.ToBase64(crc),
                        },
                        stop.Token),
                    stop.Token);
                string proof = Compare(content.AsSpan(0, count), crc, answer.ChecksumCRC32, answer.ETag, answer.ServerSideEncryptionMethod);
                meter?.AddBytes(count);
                return new Part(number, answer.ETag, crc, count, proof);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
            {
                await AgainAsync(e, attempt);
            }
        }
    }

    private async Task<StoredObject> PutAsync()
    {
        byte[] content = buffer!;
        uint crc = Crc32.Append(0, content.AsSpan(0, filled));
        for (int attempt = 1; ; attempt++)
        {
            PutObjectRequest request = new()
            {
                BucketName = bucket,
                Key = key,
                ContentType = options.ContentType ?? ContentTypes.Of(key),
                InputStream = new MemoryStream(content, 0, filled, writable: false),
                UseChunkEncoding = false,
                DisablePayloadSigning = client.IsEncrypted,
                ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                ChecksumCRC32 = ContentCheck.ToBase64(crc),
                IfNoneMatch = options.NoClobber ? "*" : null,
            };
            AddMetadata(request.Metadata);
            try
            {
                PutObjectResponse answer = await StoreAsync(s3 => s3.PutObjectAsync(request, stop.Token));
                string proof = Compare(
                    content.AsSpan(0, filled), crc, answer.ChecksumCRC32, answer.ETag, answer.ServerSideEncryptionMethod);
                meter?.AddBytes(filled);
                return new StoredObject(answer.ETag.Trim('"'), NullIfEmpty(answer.VersionId), filled, proof);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
            {
                await AgainAsync(e, attempt);
            }
        }
    }

    private async Task<StoredObject> CompletePartsAsync(Part[] done)
    {
        uint crc = done[0].Crc;
        long size = done[0].Size;
        foreach (Part part in done.AsSpan(1))
        {
            crc = Crc32.Combine(crc, part.Crc, part.Size);
            size += part.Size;
        }

        string checksum = ContentCheck.ToBase64(crc);
        CompleteMultipartUploadRequest request = new()
        {
            BucketName = bucket,
            Key = key,
            UploadId = uploadId,
            ChecksumType = ChecksumType.FULL_OBJECT,
            ChecksumCRC32 = checksum,
            PartETags = [.. done.Select(part => new PartETag(part.Number, part.ETag) { ChecksumCRC32 = ContentCheck.ToBase64(part.Crc) })],
            IfNoneMatch = options.NoClobber ? "*" : null,
        };
        try
        {
            CompleteMultipartUploadResponse answer = await StoreAsync(s3 => s3.CompleteMultipartUploadAsync(request, stop.Token));
            bool whole = answer.ChecksumCRC32 is { Length: > 0 } stored && !stored.Contains('-', StringComparison.Ordinal);
            if (whole && answer.ChecksumCRC32 != checksum)
            {
                throw StorageClient.Problem(
                    LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key, "the service put other bytes together than were sent.", "Send it again.");
            }

            return new StoredObject(answer.ETag.Trim('"'), NullIfEmpty(answer.VersionId), size, done[0].VerifiedBy);
        }
        catch (LabException e) when (e.Code == "NoSuchUpload")
        {
            // A first try may have succeeded though its answer got lost.
            if (await new ObjectStore(client).FindAsync(bucket, key, stop.Token) is { } found && found.Size == size && found.Checksum == checksum)
            {
                return new StoredObject(found.ETag ?? "", found.VersionId, size, "CRC32");
            }

            throw;
        }
    }

    private async Task<T> StoreAsync<T>(Func<IAmazonS3, Task<T>> call)
    {
        try
        {
            return await client.CallAsync(bucket, key, call, stop.Token);
        }
        catch (LabException e) when (e.Code is "PreconditionFailed" && options.NoClobber)
        {
            throw StorageClient.Problem(
                LabErrorKind.AlreadyExists, "ObjectAlreadyExists", bucket, key, "it exists already, and -NoClobber keeps it.",
                "Leave -NoClobber out to replace it, or choose another key.", e);
        }
    }

    private string Compare(ReadOnlySpan<byte> content, uint crc, string? storedCrc, string? etag, ServerSideEncryptionMethod? encryption)
    {
        bool same;
        string algorithm;
        if (storedCrc is { Length: > 0 } && !storedCrc.Contains('-', StringComparison.Ordinal))
        {
            (algorithm, same) = ("CRC32", storedCrc == ContentCheck.ToBase64(crc));
        }
        else if (ContentCheck.Md5OfETag(etag, encryption, null) is { } md5)
        {
            // An older server, which knows no checksums.
#pragma warning disable CA5351 // Not for secrecy: it is what the service's entity tag is made of.
            (algorithm, same) = ("MD5", Convert.ToBase64String(MD5.HashData(content)) == md5);
#pragma warning restore CA5351
        }
        else
        {
            (algorithm, same) = ("Size", true);
        }

        return same
            ? algorithm
            : throw StorageClient.Problem(
                LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key, $"what was stored is not what was sent: the {algorithm} differs.", "Send it again.");
    }

    private async Task AgainAsync(LabException cause, int attempt)
    {
        client.Reporter.Verbose($"Sends again: {cause.Message}");
        await Backoff.DelayAsync(attempt, stop.Token);
    }

    private void AddMetadata(MetadataCollection metadata)
    {
        foreach ((string name, string value) in options.Metadata)
        {
            metadata[name] = value;
        }
    }

    private async Task AbortAsync()
    {
        using CancellationTokenSource limit = new(AbortLimit);
        try
        {
            await client.CallAsync(
                bucket, key,
                s3 => s3.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = uploadId }, limit.Token),
                limit.Token);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // Gone already.
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            client.Reporter.Warning(
                $"{ObjectName.Uri(bucket, key)}: the unfinished upload {uploadId} could not be aborted and may cost storage: {e.Message}");
        }
    }

    private void ReturnBuffer()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
            engine.Leave();
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private sealed record Part(int Number, string ETag, uint Crc, long Size, string VerifiedBy);
}

/// <summary>What the service said of an object it has stored.</summary>
/// <param name="ETag">Entity tag without quotes.</param>
/// <param name="VersionId">Version, or null.</param>
/// <param name="Size">Bytes.</param>
/// <param name="VerifiedBy">What proved the content.</param>
internal sealed record StoredObject(string ETag, string? VersionId, long Size, string VerifiedBy);
