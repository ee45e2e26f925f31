using System.Globalization;
using System.Xml.Linq;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// Copies one object inside the service: with one request, or, where it is large, in parts that are copied side by side. The state that is
/// copied is the one that was looked up; one that somebody writes meanwhile is refused.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="budget">Limits the requests in flight.</param>
/// <param name="meter">Counts bytes, or null.</param>
internal sealed class ObjectCopy(StorageClient client, WorkBudget budget, ProgressMeter? meter)
{
    // S3 copies up to 5 GiB with one request; long before that parts side by side are quicker.
    private const long OnePieceUpTo = 1024L * 1024 * 1024;
    private const long PieceSize = 256L * 1024 * 1024;

    // Nothing passes this machine: what counts is the request.
    private const long Cost = 1024 * 1024;

    /// <summary>Copies.</summary>
    /// <param name="source">Bucket of the source.</param>
    /// <param name="sourceKey">Key of the source.</param>
    /// <param name="read">Which state of it; a key of the customer that it is encrypted with.</param>
    /// <param name="bucket">Bucket of the copy.</param>
    /// <param name="key">Key of the copy.</param>
    /// <param name="options">What to store it with; what is not said here stays as it is at the source.</param>
    /// <param name="cancellation">Cancels the copy; nothing is left of it.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>.</returns>
    public async Task<StoredObject> RunAsync(
        string source, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation)
    {
        LabObjectMetadata from;
        using (await budget.EnterAsync(Cost, cancellation))
        {
            ObjectStore objects = new(client);
            from = await objects.GetAsync(source, sourceKey, read, cancellation);

            // Some servers do not look at the condition of a copy.
            if (options.NoClobber && await objects.FindAsync(bucket, key, new ReadOptions { CustomerKey = options.CustomerKey }, cancellation) is not null)
            {
                throw ObjectUpload.AlreadyExists(bucket, key, options);
            }
        }

        meter?.Expect(1, from.Size);
        read = read with { VersionId = from.VersionId ?? read.VersionId, IfMatch = from.ETag, IfNoneMatch = null };
        StoredObject stored = from.Size <= OnePieceUpTo
            ? await CopyWholeAsync(from, read, bucket, key, options, cancellation)
            : await CopyPiecesAsync(from, read, bucket, key, options, cancellation);
        meter?.AddItems();
        return stored;
    }

    /// <summary>Copies an object as a listing shows it: where one request does, without looking it up first. The copy has all that the source has.</summary>
    /// <param name="found">The object.</param>
    /// <param name="bucket">Bucket of the copy.</param>
    /// <param name="key">Key of the copy.</param>
    /// <param name="options">Storage class and conditions.</param>
    /// <param name="cancellation">Cancels the copy; nothing is left of it.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>: ObjectChanged where it is no longer what was listed.</returns>
    public async Task<StoredObject> RunListedAsync(LabObject found, string bucket, string key, UploadOptions options, CancellationToken cancellation)
    {
        if (found.Size > OnePieceUpTo)
        {
            return await RunAsync(found.Bucket, found.Key, new ReadOptions { IfMatch = found.ETag }, bucket, key, options, cancellation);
        }

        LabObjectMetadata from = new() { Bucket = found.Bucket, Key = found.Key, Size = found.Size, ETag = found.ETag };
        return await CopyWholeAsync(from, new ReadOptions { IfMatch = found.ETag }, bucket, key, options, cancellation);
    }

    /// <summary>What a copy is stored with that is made by an upload: what is not said is as at the source.</summary>
    /// <param name="options">What is said.</param>
    /// <param name="from">The source.</param>
    /// <returns>Options that say all.</returns>
    internal static UploadOptions Inherit(UploadOptions options, LabObjectMetadata from) => options with
    {
        ContentType = options.ContentType ?? from.ContentType,
        Metadata = options.Metadata.Count > 0 ? options.Metadata : from.Metadata,
        CacheControl = options.CacheControl ?? from.CacheControl,
        ContentDisposition = options.ContentDisposition ?? from.ContentDisposition,
        ContentEncoding = options.ContentEncoding ?? from.ContentEncoding,
        ContentLanguage = options.ContentLanguage ?? from.ContentLanguage,
    };

    private static bool Replaces(UploadOptions options) =>
        options.Metadata.Count > 0 || options.ContentType is not null || options.CacheControl is not null || options.ContentDisposition is not null
        || options.ContentEncoding is not null || options.ContentLanguage is not null;

    private static List<(string Name, string Value)> Source(LabObjectMetadata from, ReadOptions read)
    {
        string name = "/" + SigV4.Encode(from.Bucket, keepSlash: true) + "/" + SigV4.Encode(from.Key, keepSlash: true)
            + (read.VersionId is null ? "" : "?versionId=" + SigV4.Encode(read.VersionId));
        S3Request headers = new S3Request(HttpMethod.Put, from.Bucket).WithHeader("x-amz-copy-source", name)
            .WithHeader("x-amz-copy-source-if-match", ReadOptions.Quoted(read.IfMatch));
        read.CustomerKey?.Apply(headers, ofCopySource: true);
        return headers.Headers;
    }

    private async Task<StoredObject> CopyWholeAsync(
        LabObjectMetadata from, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation)
    {
        bool replaces = Replaces(options);
        UploadOptions said = options.Validate();
        if (replaces)
        {
            said = Inherit(said, from);
        }

        S3Request request = said.ApplyConditions(said.Apply(new S3Request(HttpMethod.Put, bucket, key) { MayFailLate = true }, null));
        request.Headers.AddRange(Source(from, read));
        request.WithHeader("x-amz-metadata-directive", replaces ? "REPLACE" : "COPY")
            .WithHeader("x-amz-tagging-directive", said.Tags is null ? "COPY" : "REPLACE")
            .WithHeader("x-amz-checksum-algorithm", said.ChecksumAlgorithm == Checksum.Default ? null : said.ChecksumAlgorithm);
        using WorkBudget.Room room = await budget.EnterAsync(Cost, cancellation);
        using S3Answer answer = await ExplainAsync(from, options, bucket, key, () => client.SendAsync(request, cancellation));
        XElement copied = await client.ReadXmlAsync(answer, request, cancellation);
        string proof = StoredChecksum.None.Algorithm;
        if (from.ChecksumAlgorithm is { } algorithm && copied.Text(Checksum.Element(algorithm)) is { } checksum
            && !checksum.Contains('-', StringComparison.Ordinal) && from.Checksum?.Contains('-', StringComparison.Ordinal) == false)
        {
            proof = checksum == from.Checksum
                ? algorithm
                : throw ObjectReadStream.Mismatch(bucket, key, new StoredChecksum(algorithm, from.Checksum));
        }
        else if (copied.Text("ETag")?.Trim('"') == from.ETag)
        {
            proof = "ETag";
        }

        meter?.AddBytes(from.Size);
        return new StoredObject(copied.Text("ETag")?.Trim('"') ?? "", answer.VersionId, from.Size, proof);
    }

    private async Task<StoredObject> CopyPiecesAsync(
        LabObjectMetadata from, ReadOptions read, string bucket, string key, UploadOptions options, CancellationToken cancellation)
    {
        UploadOptions said = Inherit(options, from);
        if (said.Tags is null && from.TagCount > 0)
        {
            said = said with { Tags = (await new ObjectTags(client).GetAsync(from.Bucket, from.Key, read.VersionId, cancellation)).Tag };
        }

        long size = Math.Max(PieceSize, ObjectUpload.PartSize(from.Size));
        ObjectUpload upload = new(client, bucket, key, said, meter);
        try
        {
            await upload.BeginAsync(cancellation);
            await using SideBySide<UploadedPart> parts = new(cancellation);
            for (long at = 0; at < from.Size; at += size)
            {
                int number = parts.Count + 1;
                long end = Math.Min(at + size, from.Size);
                List<(string, string)> source =
                [
                    .. Source(from, read),
                    ("x-amz-copy-source-range", string.Create(CultureInfo.InvariantCulture, $"bytes={at}-{end - 1}")),
                ];
                long length = end - at;
                WorkBudget.Room room = await parts.UnlessFailedAsync(budget.EnterAsync(Cost, parts.Token));
                parts.Start(async () =>
                {
                    using (room)
                    {
                        return await ExplainAsync(from, options with { NoClobber = false }, bucket, key, () => upload.CopyPartAsync(number, source, length, parts.Token));
                    }
                });
            }

            StoredObject stored = await upload.CompleteAsync(await parts.WhenAllAsync(), cancellation);
            return stored with { VerifiedBy = StoredChecksum.None.Algorithm };
        }
        catch
        {
            await upload.AbortAsync();
            throw;
        }
    }

    private static async Task<T> ExplainAsync<T>(LabObjectMetadata from, UploadOptions options, string bucket, string key, Func<Task<T>> copy)
    {
        try
        {
            return await copy();
        }
        catch (LabException e) when (e.Code == "PreconditionFailed")
        {
            throw options.NoClobber
                ? ObjectUpload.AlreadyExists(bucket, key, options, e)
                : StorageClient.Problem(
                    LabErrorKind.Conflict, "ObjectChanged", from.Bucket, from.Key,
                    "it was changed during the copy, or a condition of the copy is not met.", "Copy it again.", e);
        }
    }
}
