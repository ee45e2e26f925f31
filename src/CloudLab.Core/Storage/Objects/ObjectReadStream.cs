using System.Globalization;
using System.Net;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Streams;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>
/// An object's content, from its first byte to its last. A connection that breaks is taken up again where it broke,
/// on the same state of the object; at the end length and checksum are compared with what the service keeps.
/// </summary>
internal sealed class ObjectReadStream : ForwardStream
{
    // Breaks in a row without a single byte between them.
    private const int Attempts = 5;

    private readonly StorageClient client;
    private readonly string bucket;
    private readonly string key;
    private readonly ReadOptions options;
    private readonly ProgressMeter? meter;
    private readonly ContentHasher? hasher;
    private readonly StoredChecksum proof;
    private readonly long start;
    private S3Answer answer;
    private Stream body;
    private long position;
    private int failures;
    private bool verified;

    private ObjectReadStream(
        StorageClient client, string bucket, string key, ReadOptions options, long start, long length, ProgressMeter? meter, S3Answer answer, Stream body)
    {
        this.client = client;
        this.bucket = bucket;
        this.key = key;
        this.meter = meter;
        this.answer = answer;
        this.body = body;
        this.start = start;
        Length = length;
        ETag = answer.ETag ?? "";
        LastModified = answer.LastModified;
        VersionId = answer.VersionId;
        this.options = options with { VersionId = VersionId ?? options.VersionId, IfMatch = ETag, IfNoneMatch = null };
        proof = answer.Status == (int)HttpStatusCode.PartialContent ? StoredChecksum.None : StoredChecksum.Of(answer);
        hasher = proof == StoredChecksum.None ? null : new ContentHasher(proof.Algorithm);
    }

    /// <summary>What proves the content once all of it is read.</summary>
    public string VerifiedBy => proof.Algorithm;

    /// <summary>The proof that the service keeps.</summary>
    public StoredChecksum Proof => proof;

    /// <summary>Entity tag without quotes.</summary>
    public string ETag { get; }

    /// <summary>Version that is read, or null.</summary>
    public string? VersionId { get; }

    /// <summary>When the object was written.</summary>
    public DateTimeOffset LastModified { get; }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    /// <summary>Opens an object.</summary>
    /// <param name="client">The service.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="meter">Counts the bytes as they are read, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The content.</returns>
    public static async Task<ObjectReadStream> OpenAsync(
        StorageClient client, string bucket, string key, ReadOptions options, ProgressMeter? meter, CancellationToken cancellation)
    {
        S3Answer answer = await client.SendAsync(options.Apply(new S3Request(HttpMethod.Get, bucket, key)), cancellation);
        return new(client, bucket, key, options, 0, answer.Length, meter, answer, await answer.OpenAsync(cancellation));
    }

    /// <summary>Opens a piece of an object; nothing but its length is checked.</summary>
    /// <param name="client">The service.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Which state of it.</param>
    /// <param name="range">Which piece.</param>
    /// <param name="meter">Counts the bytes as they are read, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The content. Throws <see cref="LabException"/> (InvalidRange) where the object ends before it.</returns>
    public static async Task<ObjectReadStream> OpenRangeAsync(
        StorageClient client, string bucket, string key, ReadOptions options, ByteRange range, ProgressMeter? meter, CancellationToken cancellation)
    {
        S3Answer answer = await AskRangeAsync(client, bucket, key, options, range, cancellation);
        // Content-Range: bytes 0-99/1000
        string? told = answer["Content-Range"]?.Split(' ', '-').ElementAtOrDefault(1);
        long start = long.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out long first) ? first : Math.Max(0, range.Start);
        return new(client, bucket, key, options, start, answer.Length, meter, answer, await answer.OpenAsync(cancellation));
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (position < Length && buffer.Length > 0)
        {
            int count;
            try
            {
                count = await body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Length - position)], cancellationToken);
            }
            catch (Exception e) when (e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
            {
                await ResumeAsync(e, cancellationToken);
                continue;
            }

            if (count == 0)
            {
                await ResumeAsync(new EndOfStreamException("The body ended early."), cancellationToken);
                continue;
            }

            hasher?.Append(buffer.Span[..count]);
            position += count;
            failures = 0;
            meter?.AddBytes(count);
            if (position == Length)
            {
                Verify();
            }

            return count;
        }

        if (position == Length)
        {
            Verify();
        }

        return 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            answer.Dispose();
            hasher?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The error of content that is not what the service keeps.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="proof">What it was held against.</param>
    /// <returns>The exception.</returns>
    public static LabException Mismatch(string bucket, string key, StoredChecksum proof) => StorageClient.Problem(
        LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key,
        $"the received content differs from what is stored: the {proof.Algorithm} does not match.", "Download it again.");

    private void Verify()
    {
        if (verified)
        {
            return;
        }

        verified = true;
        if (hasher is not null && hasher.Finish().Checksum != proof.Value)
        {
            throw Mismatch(bucket, key, proof);
        }
    }

    private async Task ResumeAsync(Exception cause, CancellationToken cancellation)
    {
        if (++failures >= Attempts)
        {
            throw StorageClient.Problem(
                cause.InnerException is TimeoutException ? LabErrorKind.Timeout : LabErrorKind.ServiceFailed, "DownloadInterrupted", bucket, key,
                $"the download was interrupted {failures} times at byte {position} of {Length}: {cause.Message.TrimEnd('.')}.",
                "Try again later.", cause);
        }

        client.Reporter.Verbose($"{ObjectName.Uri(bucket, key)}: resuming at byte {position} of {Length} after: {cause.Message}");
        answer.Dispose();
        await Backoff.DelayAsync(failures, cancellation);
        try
        {
            answer = await AskRangeAsync(client, bucket, key, options, new ByteRange(start + position, start + Length - 1), cancellation);
        }
        catch (LabException e) when (e.Code == "PreconditionFailed")
        {
            throw StorageClient.Problem(
                LabErrorKind.Conflict, "ObjectChanged", bucket, key, "it was changed while it was being read.", "Download it again.", e);
        }

        if (answer.Length != Length - position)
        {
            throw StorageClient.Problem(
                LabErrorKind.ServiceFailed, "InvalidResponse", bucket, key,
                $"the service returned {answer.Length} bytes instead of the {Length - position} requested from offset {position}.");
        }

        body = await answer.OpenAsync(cancellation);
    }

    private static async Task<S3Answer> AskRangeAsync(
        StorageClient client, string bucket, string key, ReadOptions options, ByteRange range, CancellationToken cancellation)
    {
        S3Answer answer = await client.SendAsync(
            options.Apply(new S3Request(HttpMethod.Get, bucket, key)).WithHeader("Range", range.ToString()), cancellation);
        if (answer.Status == (int)HttpStatusCode.PartialContent || range is { Start: 0, End: null })
        {
            return answer;
        }

        answer.Dispose();
        throw StorageClient.Problem(
            LabErrorKind.NotSupported, "RangeIgnored", bucket, key, "the service returned the whole object instead of the requested range.");
    }
}
