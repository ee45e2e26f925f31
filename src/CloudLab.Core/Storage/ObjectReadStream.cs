using System.Net.Http;
using Amazon.Runtime.Internal.Util;
using Amazon.S3.Model;
using CloudLab.Core.Errors;
using CloudLab.Core.Reporting;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Streams;

namespace CloudLab.Core.Storage;

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
    private readonly ProgressMeter? meter;
    private readonly ContentCheck check;
    private readonly string etag;
    private GetObjectResponse answer;
    private Stream body;
    private long position;
    private int failures;
    private bool verified;

    private ObjectReadStream(StorageClient client, string bucket, string key, ProgressMeter? meter, GetObjectResponse answer)
    {
        this.client = client;
        this.bucket = bucket;
        this.key = key;
        this.meter = meter;
        this.answer = answer;
        body = Bare(answer);
        etag = answer.ETag;
        Length = answer.ContentLength;
        LastModified = ObjectStore.ToDate(answer.LastModified);
        VersionId = string.IsNullOrEmpty(answer.VersionId) ? null : answer.VersionId;
        check = ContentCheck.For(answer);
    }

    /// <summary>What proves the content once all of it is read.</summary>
    public string VerifiedBy => check.Algorithm;

    /// <summary>Entity tag without quotes.</summary>
    public string ETag => etag.Trim('"');

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
    /// <param name="meter">Counts the bytes as they are read, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The content.</returns>
    public static async Task<ObjectReadStream> OpenAsync(
        StorageClient client, string bucket, string key, ProgressMeter? meter, CancellationToken cancellation) =>
        new(client, bucket, key, meter, await client.CallAsync(
            bucket, key, s3 => s3.GetObjectAsync(new GetObjectRequest { BucketName = bucket, Key = key }, cancellation), cancellation));

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

            check.Append(buffer.Span[..count]);
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
            check.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Verify()
    {
        if (verified)
        {
            return;
        }

        verified = true;
        if (!check.Holds())
        {
            throw StorageClient.Problem(
                LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key,
                $"what arrived is not what is stored: the {check.Algorithm} differs.", "Get it again.");
        }
    }

    private async Task ResumeAsync(Exception cause, CancellationToken cancellation)
    {
        if (++failures >= Attempts)
        {
            throw StorageClient.Problem(
                cause.InnerException is TimeoutException ? LabErrorKind.Timeout : LabErrorKind.ServiceFailed, "DownloadInterrupted", bucket, key,
                $"the download broke off {failures} times at byte {position} of {Length}: {cause.Message.TrimEnd('.')}.",
                "Try again later.", cause);
        }

        client.Reporter.Verbose($"{ObjectName.Uri(bucket, key)}: goes on at byte {position} of {Length} after: {cause.Message}");
        answer.Dispose();
        await Backoff.DelayAsync(failures, cancellation);
        try
        {
            answer = await client.CallAsync(
                bucket, key,
                s3 => s3.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = bucket,
                        Key = key,
                        VersionId = VersionId,
                        EtagToMatch = etag,
                        ByteRange = new ByteRange(position, Length - 1),
                    },
                    cancellation),
                cancellation);
        }
        catch (LabException e) when (e.Code == "PreconditionFailed")
        {
            throw StorageClient.Problem(
                LabErrorKind.Conflict, "ObjectChanged", bucket, key, "somebody wrote it anew while it was read.", "Get it again.", e);
        }

        if (answer.ContentLength != Length - position)
        {
            throw StorageClient.Problem(
                LabErrorKind.ServiceFailed, "InvalidResponse", bucket, key,
                $"asked for {Length - position} bytes from {position} on, the service gives {answer.ContentLength}.");
        }

        body = Bare(answer);
    }

    // The SDK wraps a stream around that computes an MD5; ContentCheck does better for less.
    private static Stream Bare(GetObjectResponse answer) =>
        answer.ResponseStream is WrapperStream wrapper ? wrapper.GetNonWrapperBaseStream() : answer.ResponseStream;
}
