using System.Security.Cryptography;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Copies of objects, and the source of copied parts.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="lookup">Finds versions.</param>
/// <param name="objects">Keeps what is copied.</param>
/// <param name="time">The clock.</param>
internal sealed class CopyOperations(S3Store store, S3Access access, ObjectLookup lookup, ObjectOperations objects, TimeProvider time)
{
    private const long MaxCopy = 5L * 1024 * 1024 * 1024;

    /// <summary>PUT of an object with a copy source.</summary>
    public async Task CopyAsync(S3Request request, S3Bucket bucket)
    {
        ObjectProperties asked = ObjectHeaders.Read(request, bucket, access, time.GetUtcNow());
        objects.RequirePut(request, bucket, asked);
        Action<S3Object?> condition = Conditions.OfWrite(request);
        bool replace = Directive(request, "x-amz-metadata-directive"), replaceTags = Directive(request, "x-amz-tagging-directive");
        ChecksumAlgorithm? algorithm = ChecksumAlgorithms.Asked(request.Headers);
        (S3Bucket sourceBucket, S3Object source) = OpenSource(request);
        try
        {
            if (source.Content.Length > MaxCopy)
            {
                throw S3Exception.InvalidRequest(
                    "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
            }

            // An older version put in front of the newest changes something.
            bool sameObject = sourceBucket == bucket && source.Key == request.Key && source.VersionId == store.Current(bucket, source.Key)?.VersionId;
            if (sameObject && !replace && !request.Headers.Contains("x-amz-storage-class") && asked.WebsiteRedirect is null
                && algorithm is null && !EncryptionHeaders.Given(request))
            {
                throw S3Exception.InvalidRequest(
                    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
            }

            // Only what is said in words goes along; how the copy is kept is the request's and its bucket's.
            ObjectProperties properties = asked with
            {
                Headers = replace ? asked.Headers : source.Properties.Headers,
                Metadata = replace ? asked.Metadata : source.Properties.Metadata,
                Tags = replaceTags ? asked.Tags : source.Properties.Tags,
            };
            (string etag, ObjectChecksum checksum) = await DigestAsync(source, properties.Encryption, algorithm ?? source.Checksum?.Algorithm ?? ChecksumAlgorithms.Default, request.Aborted);
            S3Object copy = objects.Keep(
                bucket, new S3Object(request.Key, source.Content.Hold(), etag, time.GetUtcNow(), properties, checksum, null), condition);
            S3Xml document = new S3Xml("CopyObjectResult")
                .Add("LastModified", S3Xml.Time(copy.LastModified)).Add("ETag", ObjectHeaders.Quote(copy.ETag))
                .Add(checksum.Algorithm.Element(), checksum.Value).Add("ChecksumType", checksum.TypeName);

            ObjectHeaders.WriteStored(request, bucket, copy);
            await request.RespondAsync(document);
        }
        finally
        {
            source.Content.Release();
        }
    }

    /// <summary>Finds the source of a copy, says its version in the answer and holds its data for the caller.</summary>
    public (S3Bucket Bucket, S3Object Object) OpenSource(S3Request request)
    {
        string text = request.Headers.Get("x-amz-copy-source")!;
        int question = text.IndexOf("?versionId=", StringComparison.Ordinal);
        string? versionId = question < 0 ? null : UrlText.Decode(text.AsSpan(question + "?versionId=".Length));
        if (versionId is not null && !VersionId.IsValid(versionId))
        {
            throw S3Exception.InvalidArgument("x-amz-copy-source", text, "Invalid version id specified");
        }

        // The slash between bucket and key may be encoded too.
        string source = S3Request.ToText(UrlText.DecodeBytes(question < 0 ? text : text[..question]));
        source = source.StartsWith('/') ? source[1..] : source;
        int slash = source.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == source.Length - 1)
        {
            throw S3Exception.InvalidArgument("x-amz-copy-source", text, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
        }

        string key = source[(slash + 1)..];
        S3Bucket bucket = store.Find(source[..slash]) ?? throw S3Exception.NoSuchBucket(source[..slash]);
        if (request.Headers.Get("x-amz-source-expected-bucket-owner") is { } owner && owner != access.AccountId)
        {
            throw S3Exception.AccessDenied("Access Denied");
        }

        S3Object value = OpenVersion(request, bucket, key, versionId);
        try
        {
            EncryptionHeaders.RequireKey(request, value, asSource: true);
            Conditions.CheckCopySource(request.Headers, value);
            if (!Archive.CanRead(value, time.GetUtcNow()))
            {
                throw new S3Exception(
                    403, "ObjectNotInActiveTierError",
                    "The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.", ("Key", key));
            }

            if (bucket.Settings.Versioning != BucketVersioning.Off)
            {
                request.ExtraHeaders.Add("x-amz-copy-source-version-id", value.VersionId);
            }

            return (bucket, value);
        }
        catch
        {
            value.Content.Release();
            throw;
        }
    }

    private static bool Directive(S3Request request, string header) => request.Headers.Get(header) switch
    {
        null or "COPY" => false,
        "REPLACE" => true,
        var other => throw S3Exception.InvalidArgument(header, other, $"Unknown {(header.Contains("tagging", StringComparison.Ordinal) ? "tagging" : "metadata")} directive."),
    };

    /// <summary>ETag and checksum of a copy, which is one piece whatever its source was.</summary>
    private static async Task<(string ETag, ObjectChecksum Checksum)> DigestAsync(
        S3Object source, ObjectEncryption encryption, ChecksumAlgorithm algorithm, CancellationToken cancellation)
    {
        if (source.Parts is null && source.Properties.Encryption.TagIsMd5
            && source.Checksum is { Composite: false } known && known.Algorithm == algorithm)
        {
            return (EncryptionHeaders.Tag(encryption, source.ETag), known);
        }

        using IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using ChecksumHasher hasher = new(algorithm);
        await foreach (ReadOnlyMemory<byte> piece in source.Content.ReadAsync(0, source.Content.Length, cancellation))
        {
            md5.AppendData(piece.Span);
            hasher.Append(piece.Span);
        }

        return (EncryptionHeaders.Tag(encryption, PayloadReceiver.Hex(md5.GetHashAndReset())),
            new ObjectChecksum(hasher.Algorithm, Convert.ToBase64String(hasher.Finish())));
    }

    private S3Object OpenVersion(S3Request request, S3Bucket bucket, string key, string? versionId)
    {
        try
        {
            return lookup.Find(request, bucket, key, versionId, hold: true, "s3:GetObject");
        }
        catch (S3Exception e) when (e.Code == "MethodNotAllowed")
        {
            throw S3Exception.InvalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.");
        }
    }
}
