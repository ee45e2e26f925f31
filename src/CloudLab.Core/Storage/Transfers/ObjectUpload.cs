using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// The protocol by which one object is written: with one request, or in parts that may be sent side by side. Each request carries a
/// checksum of its body and the service's own is compared. Nothing is visible before <see cref="PutAsync"/> or <see cref="CompleteAsync"/>.
/// </summary>
internal sealed class ObjectUpload
{
    /// <summary>Most parts of one object.</summary>
    public const int MostParts = 10_000;

    private const int SmallestPart = 8 * 1024 * 1024;
    private const int UsualPart = 16 * 1024 * 1024;
    private const int Attempts = 4;
    private const int StandardMebibyte = 1024 * 1024;
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(10), AnswerLimit = TimeSpan.FromSeconds(1);
    private static readonly XNamespace Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly StorageClient client;
    private readonly string bucket;
    private readonly string key;
    private readonly UploadOptions options;
    private readonly ProgressMeter? meter;

    /// <summary>Begins an upload; nothing is sent yet.</summary>
    /// <param name="client">The service.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="meter">Counts bytes as they are stored, or null.</param>
    public ObjectUpload(StorageClient client, string bucket, string key, UploadOptions options, ProgressMeter? meter)
    {
        this.client = client;
        this.bucket = BucketName.Validate(bucket);
        this.key = ObjectName.Validate(bucket, key);
        this.options = options.Validate();
        this.meter = meter;
    }

    /// <summary>The upload in parts, once it has begun.</summary>
    public string? UploadId { get; private set; }

    /// <summary>The object, as it is named to people.</summary>
    public string Uri => ObjectName.Uri(bucket, key);

    // The checksum of the whole follows from those of the parts for a CRC only.
    private bool IsWhole => Checksum.IsCrc(options.ChecksumAlgorithm);

    /// <summary>The size of the parts of an object: small enough for several at once, large enough for 10,000 to hold it.</summary>
    /// <param name="length">Length of the object in bytes.</param>
    /// <returns>Bytes; a multiple of 1 MiB.</returns>
    public static long PartSize(long length) =>
        Math.Max(length <= 32L * UsualPart ? SmallestPart : UsualPart, ((length / MostParts) + StandardMebibyte) / StandardMebibyte * StandardMebibyte);

    /// <summary>Writes the object with one request.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What the service stored. Throws <see cref="LabException"/>.</returns>
    public async Task<StoredObject> PutAsync(S3Body body, CancellationToken cancellation)
    {
        ContentDigest digest = Digest(body);
        for (int attempt = 1; ; attempt++)
        {
            S3Request request = options.ApplyConditions(options.Apply(
                new S3Request(HttpMethod.Put, bucket, key) { Body = body, BodyHash = digest.PayloadHash }, ContentTypes.Of(key)));
            AddChecksum(request, digest);
            try
            {
                using S3Answer answer = await StoreAsync(request, cancellation);
                string proof = Compare(body, digest, answer);
                meter?.AddBytes(body.Length);
                return new StoredObject(answer.ETag ?? "", answer.VersionId, body.Length, proof);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
            {
                await AgainAsync(e, attempt, cancellation);
            }
        }
    }

    /// <summary>Begins an upload in parts.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when it has begun.</returns>
    public async Task BeginAsync(CancellationToken cancellation)
    {
        S3Request request = options.Apply(new S3Request(HttpMethod.Post, bucket, key).With("uploads", ""), ContentTypes.Of(key))
            .WithHeader("x-amz-checksum-algorithm", options.ChecksumAlgorithm)
            .WithHeader("x-amz-checksum-type", IsWhole ? "FULL_OBJECT" : "COMPOSITE");

        // An upload whose id is not heard cannot be taken back: whoever presses Ctrl+C here waits a moment for the answer.
        cancellation.ThrowIfCancellationRequested();
        using CancellationTokenSource patience = new();
        await using CancellationTokenRegistration stop = cancellation.Register(() => patience.CancelAfter(AnswerLimit));
        try
        {
            using S3Answer answer = await client.SendAsync(request, patience.Token);
            UploadId = (await client.ReadXmlAsync(answer, request, patience.Token)).Text("UploadId")
                ?? throw StorageClient.Problem(LabErrorKind.ServiceFailed, "InvalidResponse", bucket, key, "the service started an upload but returned no upload id.");
        }
        finally
        {
            if (request.AnswersLost > 0)
            {
                client.Reporter.Warning(
                    $"{ObjectName.Uri(bucket, key)}: the answer to the start of an upload was lost. If the service started it, it may cost storage: Get-LabMultipartUpload shows it.");
            }
        }

        cancellation.ThrowIfCancellationRequested();
    }

    /// <summary>Goes on with the latest unfinished upload of this key, if there is one.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The parts that are there already, by number; empty where a new upload has to begin.</returns>
    public async Task<IReadOnlyDictionary<int, LabUploadPart>> FindUnfinishedAsync(CancellationToken cancellation)
    {
        MultipartUploadStore uploads = new(client);
        LabMultipartUpload? latest = null;
        await foreach (LabMultipartUpload upload in uploads.ListAsync(bucket, key, cancellation: cancellation))
        {
            if (upload.Key != key)
            {
                // The key itself sorts before all longer ones.
                break;
            }

            latest = latest is null || upload.Initiated >= latest.Initiated ? upload : latest;
        }

        UploadId = latest?.UploadId;
        return latest is null ? new Dictionary<int, LabUploadPart>()
            : (await uploads.WithPartsAsync(latest, cancellation)).Parts!.ToDictionary(part => part.PartNumber);
    }

    /// <summary>Takes over a part that an earlier try has sent, if it is this one.</summary>
    /// <param name="number">Number, from 1.</param>
    /// <param name="body">The part as it is here.</param>
    /// <param name="there">The part as it is there.</param>
    /// <returns>The part, or null where it has to be sent.</returns>
    public UploadedPart? Adopt(int number, S3Body body, LabUploadPart there)
    {
        if (there.Size != body.Length)
        {
            return null;
        }

        ContentDigest digest = Digest(body);
        string? checksum = there.ChecksumAlgorithm == digest.Algorithm ? there.Checksum : null;
        bool same = checksum is not null
            ? checksum == digest.Checksum
            // An entity tag that is no MD5 (encryption) matches nothing, and the part is sent again.
            : there.ETag == Convert.ToHexString(Convert.FromBase64String(Md5(body))).ToLowerInvariant();
        if (!same)
        {
            return null;
        }

        meter?.AddBytes(body.Length);
        return new UploadedPart(number, there.ETag ?? "", digest, checksum is null ? "MD5" : digest.Algorithm);
    }

    /// <summary>Sends a part.</summary>
    /// <param name="number">Number, from 1.</param>
    /// <param name="body">The part.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The part as stored. Throws <see cref="LabException"/>.</returns>
    public async Task<UploadedPart> SendPartAsync(int number, S3Body body, CancellationToken cancellation)
    {
        ContentDigest digest = Digest(body);
        for (int attempt = 1; ; attempt++)
        {
            S3Request request = Part(number) with { Body = body, BodyHash = digest.PayloadHash };
            AddChecksum(request, digest);
            options.CustomerKey?.Apply(request);
            try
            {
                using S3Answer answer = await client.SendAsync(request, cancellation);
                string proof = Compare(body, digest, answer);
                meter?.AddBytes(body.Length);
                return new UploadedPart(number, answer.ETag ?? "", digest, proof);
            }
            catch (LabException e) when (e.Kind == LabErrorKind.Corrupted && attempt < Attempts)
            {
                await AgainAsync(e, attempt, cancellation);
            }
        }
    }

    /// <summary>Fills a part from another object, inside the service.</summary>
    /// <param name="number">Number, from 1.</param>
    /// <param name="source">Says which object, which version, which bytes, on which condition.</param>
    /// <param name="size">Number of bytes.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The part. Throws <see cref="LabException"/>.</returns>
    public async Task<UploadedPart> CopyPartAsync(int number, IEnumerable<(string Name, string Value)> source, long size, CancellationToken cancellation)
    {
        S3Request request = Part(number) with { MayFailLate = true };
        request.Headers.AddRange(source);
        options.CustomerKey?.Apply(request);
        using S3Answer answer = await client.SendAsync(request, cancellation);
        XElement copied = await client.ReadXmlAsync(answer, request, cancellation);
        string algorithm = options.ChecksumAlgorithm;
        string checksum = copied.Text(Checksum.Element(algorithm)) ?? "";
        meter?.AddBytes(size);
        return new UploadedPart(
            number, copied.Text("ETag")?.Trim('"') ?? "",
            new ContentDigest(algorithm, checksum, Checksum.IsCrc(algorithm) && checksum.Length > 0 ? Checksum.Parse(checksum) : 0, null, size),
            checksum.Length > 0 ? algorithm : StoredChecksum.None.Algorithm);
    }

    /// <summary>Makes the object of the parts visible.</summary>
    /// <param name="parts">All parts, in their order.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What the service stored. Throws <see cref="LabException"/>.</returns>
    public async Task<StoredObject> CompleteAsync(IReadOnlyList<UploadedPart> parts, CancellationToken cancellation)
    {
        string algorithm = options.ChecksumAlgorithm;
        bool known = parts.All(part => part.Digest.Checksum.Length > 0);
        long size = parts.Sum(part => part.Digest.Length);
        string? whole = !IsWhole || !known ? null : Checksum.ToBase64(algorithm, parts.Skip(1).Aggregate(
            parts[0].Digest.Crc, (crc, part) => Checksum.Combine(algorithm, crc, part.Digest.Crc, part.Digest.Length)));
        XElement document = new(Namespace + "CompleteMultipartUpload", parts.Select(part => new XElement(
            Namespace + "Part", new XElement(Namespace + "PartNumber", part.Number), new XElement(Namespace + "ETag", $"\"{part.ETag}\""),
            known ? new XElement(Namespace + Checksum.Element(algorithm), part.Digest.Checksum) : null)));
        S3Request request = options.ApplyConditions(new S3Request(HttpMethod.Post, bucket, key)
        {
            Body = S3Body.Of(Encoding.UTF8.GetBytes(document.ToString(SaveOptions.DisableFormatting))),
            MayFailLate = true,
        }.With("uploadId", UploadId).WithHeader("Content-Type", "application/xml"));
        if (whole is not null)
        {
            request.WithHeader(Checksum.Header(algorithm), whole).WithHeader("x-amz-checksum-type", "FULL_OBJECT");
        }

        options.CustomerKey?.Apply(request);
        try
        {
            using S3Answer answer = await StoreAsync(request, cancellation);
            XElement done = await client.ReadXmlAsync(answer, request, cancellation);
            string? stored = done.Text(Checksum.Element(algorithm));
            if (whole is not null && stored is not null && !stored.Contains('-', StringComparison.Ordinal) && stored != whole)
            {
                throw StorageClient.Problem(
                    LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key, "the service assembled different bytes than were sent.", "Send it again.");
            }

            return new StoredObject(done.Text("ETag")?.Trim('"') ?? "", answer.VersionId, size, parts[0].VerifiedBy);
        }
        catch (LabException e) when (e.Code == "NoSuchUpload")
        {
            // A first try may have succeeded though its answer got lost.
            LabObjectMetadata? found = await new ObjectStore(client).FindAsync(
                bucket, key, new ReadOptions { CustomerKey = options.CustomerKey }, cancellation);
            if (found is not null && found.Size == size && (whole is null ? found.ETag?.EndsWith($"-{parts.Count}", StringComparison.Ordinal) == true : found.Checksum == whole))
            {
                return new StoredObject(found.ETag ?? "", found.VersionId, size, whole is null ? StoredChecksum.None.Algorithm : algorithm);
            }

            throw;
        }
    }

    /// <summary>Takes the unfinished upload back, if there is one. Says so where that fails, and does not throw.</summary>
    /// <returns>Done when it is gone.</returns>
    public async Task AbortAsync()
    {
        if (UploadId is null)
        {
            return;
        }

        using CancellationTokenSource limit = new(AbortLimit);
        try
        {
            using S3Answer answer = await client.SendAsync(
                new S3Request(HttpMethod.Delete, bucket, key).With("uploadId", UploadId), limit.Token);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // Gone already.
        }
        catch (Exception e) when (e is LabException or OperationCanceledException)
        {
            client.Reporter.Warning(
                $"{ObjectName.Uri(bucket, key)}: the unfinished upload {UploadId} could not be aborted and may cost storage: {e.Message}");
        }
    }

    /// <summary>The error of an object that is to be kept.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">Say how it would be replaced.</param>
    /// <param name="cause">What the service said, if it did.</param>
    /// <returns>The exception.</returns>
    internal static LabException AlreadyExists(string bucket, string key, UploadOptions options, Exception? cause = null) => StorageClient.Problem(
        LabErrorKind.AlreadyExists, "ObjectAlreadyExists", bucket, key, "it already exists.", options.ReplaceAdvice, cause);

    private S3Request Part(int number) => new S3Request(HttpMethod.Put, bucket, key)
        .With("partNumber", number.ToString(CultureInfo.InvariantCulture)).With("uploadId", UploadId);

    private ContentDigest Digest(S3Body body)
    {
        using ContentHasher hasher = new(options.ChecksumAlgorithm, withPayloadHash: !client.IsEncrypted(bucket));
        body.Read(hasher.Append);
        return hasher.Finish();
    }

    private static void AddChecksum(S3Request request, ContentDigest digest) => request
        .WithHeader("x-amz-sdk-checksum-algorithm", digest.Algorithm).WithHeader(Checksum.Header(digest.Algorithm), digest.Checksum);

    private async Task<S3Answer> StoreAsync(S3Request request, CancellationToken cancellation)
    {
        try
        {
            return await client.SendAsync(request, cancellation);
        }
        catch (LabException e) when (e.Code == "PreconditionFailed" && options.NoClobber)
        {
            throw AlreadyExists(bucket, key, options, e);
        }
    }

    private string Compare(S3Body body, ContentDigest digest, S3Answer answer)
    {
        bool same;
        string algorithm;
        if (answer[Checksum.Header(digest.Algorithm)] is { } stored && !stored.Contains('-', StringComparison.Ordinal))
        {
            (algorithm, same) = (digest.Algorithm, stored == digest.Checksum);
        }
        else if (Checksum.Md5OfETag(answer.ETag, answer.Encryption) is { } md5)
        {
            // An older server, which knows no checksums.
            (algorithm, same) = ("MD5", Md5(body) == md5);
        }
        else
        {
            (algorithm, same) = (StoredChecksum.None.Algorithm, true);
        }

        return same
            ? algorithm
            : throw StorageClient.Problem(
                LabErrorKind.Corrupted, "ChecksumMismatch", bucket, key, $"the stored content differs from what was sent: the {algorithm} does not match.", "Send it again.");
    }

    private static string Md5(S3Body body)
    {
        using IncrementalHash hash = Checksum.NewHash("MD5");
        body.Read(hash.AppendData);
        return Convert.ToBase64String(hash.GetHashAndReset());
    }

    private async Task AgainAsync(LabException cause, int attempt, CancellationToken cancellation)
    {
        client.Reporter.Verbose($"Sending it again: {cause.Message}");
        await Backoff.DelayAsync(attempt, cancellation);
    }
}

/// <summary>A part that was sent.</summary>
/// <param name="Number">Number, from 1.</param>
/// <param name="ETag">Entity tag without quotes.</param>
/// <param name="Digest">Its checksum and length.</param>
/// <param name="VerifiedBy">What proved it.</param>
internal sealed record UploadedPart(int Number, string ETag, ContentDigest Digest, string VerifiedBy);

/// <summary>What the service said of an object it has stored.</summary>
/// <param name="ETag">Entity tag without quotes.</param>
/// <param name="VersionId">Version, or null.</param>
/// <param name="Size">Bytes.</param>
/// <param name="VerifiedBy">What proved the content.</param>
internal sealed record StoredObject(string ETag, string? VersionId, long Size, string VerifiedBy);
