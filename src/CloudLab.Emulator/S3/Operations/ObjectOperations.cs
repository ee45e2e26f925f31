using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations;

/// <summary>Objects: put, get, head, delete, copy, tags, attributes.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="time">The clock.</param>
internal sealed class ObjectOperations(S3Store store, S3Access access, TimeProvider time)
{
    private const long MaxCopy = 5L * 1024 * 1024 * 1024;

    /// <summary>GET and HEAD of an object.</summary>
    public async Task GetAsync(S3Request request, S3Bucket bucket)
    {
        RefuseVersion(request);
        access.RequireObject(request, "s3:GetObject", bucket, ExistingTags(bucket, request.Key));
        S3Object value = store.Open(bucket, request.Key) ?? throw access.Missing(request, bucket, request.Key);
        try
        {
            if (!Conditions.CheckRead(request.Headers, value))
            {
                request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(value.ETag));
                request.ExtraHeaders.Add("Last-Modified", value.LastModified.ToString("R", CultureInfo.InvariantCulture));
                await request.RespondAsync(304);
                return;
            }

            ByteRange? range = PartRange(request, value) ?? ByteRange.Parse(request.Headers.Get("Range"), value.Content.Length);
            ByteRange whole = new(0, value.Content.Length);
            ObjectHeaders.Write(request, value, withChecksum: range is null || range == whole);
            if (range is { } part)
            {
                request.ExtraHeaders.Add("Content-Range", $"bytes {part.Offset}-{part.Offset + part.Length - 1}/{value.Content.Length}");
            }

            ByteRange sent = range ?? whole;
            await request.StartAsync(range is null ? 200 : 206, sent.Length);
            if (request.Method == "GET")
            {
                await foreach (ReadOnlyMemory<byte> piece in value.Content.ReadAsync(sent.Offset, sent.Length, request.Aborted))
                {
                    await request.WriteAsync(piece);
                }
            }
        }
        finally
        {
            value.Content.Release();
        }
    }

    /// <summary>PUT of an object.</summary>
    public async Task PutAsync(S3Request request, S3Bucket bucket)
    {
        ObjectProperties properties = ObjectHeaders.Read(request);
        RequirePut(request, bucket, properties);
        Action<S3Object?> condition = Conditions.OfWrite(request);

        // Told before the upload where it is known before; decided when the data is there.
        condition(store.Peek(bucket, request.Key));
        ReceivedPayload payload = await PayloadReceiver.ReceiveAsync(request, store);
        S3Object value = new(request.Key, payload.Content, payload.ETag, time.GetUtcNow(), properties, payload.Checksum, null);
        Keep(bucket, value, condition);
        request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(value.ETag));
        request.ExtraHeaders.Add("x-amz-server-side-encryption", "AES256");
        ObjectHeaders.WriteChecksum(request, value.Checksum);
        await request.RespondAsync(200);
    }

    /// <summary>PUT of an object with a copy source.</summary>
    public async Task CopyAsync(S3Request request, S3Bucket bucket)
    {
        ObjectProperties asked = ObjectHeaders.Read(request);
        RequirePut(request, bucket, asked);
        Action<S3Object?> condition = Conditions.OfWrite(request);
        bool replace = Directive(request, "x-amz-metadata-directive"), replaceTags = Directive(request, "x-amz-tagging-directive");
        (S3Bucket sourceBucket, S3Object source) = OpenSource(request);
        try
        {
            if (source.Content.Length > MaxCopy)
            {
                throw S3Exception.InvalidRequest(
                    "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
            }

            bool sameObject = sourceBucket == bucket && source.Key == request.Key;
            string storageClass = request.Headers.Contains("x-amz-storage-class") ? asked.StorageClass : replace ? "STANDARD" : source.Properties.StorageClass;
            if (sameObject && !replace && storageClass == source.Properties.StorageClass && !request.Headers.Contains("x-amz-checksum-algorithm"))
            {
                throw S3Exception.InvalidRequest(
                    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.");
            }

            ObjectProperties properties = (replace ? asked : source.Properties) with
            {
                Tags = replaceTags ? asked.Tags : source.Properties.Tags,
                StorageClass = storageClass,
            };
            ChecksumAlgorithm? algorithm = request.Headers.Get("x-amz-checksum-algorithm") is { } name
                ? ChecksumAlgorithms.Find(name) ?? throw S3Exception.InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
                : source.Checksum?.Algorithm;
            (string etag, ObjectChecksum? checksum) = await DigestAsync(source, algorithm, request.Aborted);
            S3Object copy = new(request.Key, source.Content.Hold(), etag, time.GetUtcNow(), properties, checksum, null);
            Keep(bucket, copy, condition);
            S3Xml document = new S3Xml("CopyObjectResult")
                .Add("LastModified", S3Xml.Time(copy.LastModified)).Add("ETag", ObjectHeaders.Quote(copy.ETag));
            if (checksum is not null)
            {
                document.Add(checksum.Algorithm.Element(), checksum.Value).Add("ChecksumType", checksum.TypeName);
            }

            request.ExtraHeaders.Add("x-amz-server-side-encryption", "AES256");
            await request.RespondAsync(document);
        }
        finally
        {
            source.Content.Release();
        }
    }

    /// <summary>DELETE of an object.</summary>
    public Task DeleteAsync(S3Request request, S3Bucket bucket)
    {
        RefuseVersion(request);
        access.RequireObject(request, "s3:DeleteObject", bucket);
        store.Delete(bucket, request.Key, Conditions.OfWrite(request));
        return request.RespondAsync(204);
    }

    /// <summary>POST ?delete: many objects at once.</summary>
    public async Task DeleteManyAsync(S3Request request, S3Bucket bucket)
    {
        XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request, needsChecksum: true), "Delete");
        bool quiet = S3Xml.Text(root, "Quiet")?.Equals("true", StringComparison.OrdinalIgnoreCase) == true;
        XElement[] items = S3Xml.Children(root, "Object").ToArray();
        if (items.Length is 0 or > 1000)
        {
            throw S3Exception.MalformedXml();
        }

        S3Xml document = new("DeleteResult");
        foreach (XElement item in items)
        {
            string key = S3Xml.Text(item, "Key") ?? throw S3Exception.MalformedXml();
            try
            {
                if (key.Length == 0)
                {
                    throw new S3Exception(400, "UserKeyMustBeSpecified", "The request must specify the key.");
                }

                S3Request.ToKey(System.Text.Encoding.UTF8.GetBytes(key));
                if (S3Xml.Text(item, "VersionId") is { Length: > 0 } version && version != "null")
                {
                    throw new S3Exception(404, "NoSuchVersion", "The specified version does not exist.");
                }

                string? etag = S3Xml.Text(item, "ETag")?.Trim('"');
                access.Require(request, "s3:DeleteObject", S3Access.ObjectArn(bucket.Name, key), bucket);
                store.Delete(bucket, key, existing =>
                {
                    if (etag is not null && existing is not null && etag != "*" && etag != existing.ETag)
                    {
                        throw S3Exception.PreconditionFailed("If-Match");
                    }
                });
                if (!quiet)
                {
                    document.Open("Deleted").Add("Key", key).Close();
                }
            }
            catch (S3Exception e)
            {
                document.Open("Error").Add("Key", key).Add("Code", e.Code).Add("Message", e.Message).Close();
            }
        }

        await request.RespondAsync(document);
    }

    /// <summary>?tagging of an object.</summary>
    public async Task TaggingAsync(S3Request request, S3Bucket bucket)
    {
        switch (request.Method)
        {
            case "GET":
                access.RequireObject(request, "s3:GetObjectTagging", bucket, ExistingTags(bucket, request.Key));
                S3Object value = store.Peek(bucket, request.Key) ?? throw access.Missing(request, bucket, request.Key);
                await request.RespondAsync(Tags.ToDocument(value.Properties.Tags));
                break;
            case "PUT":
                access.RequireObject(request, "s3:PutObjectTagging", bucket, ExistingTags(bucket, request.Key));
                IReadOnlyList<KeyValuePair<string, string>> tags =
                    Tags.FromDocument(await PayloadReceiver.ReceiveDocumentAsync(request), ofBucket: false);
                store.Change(bucket, request.Key, old => old with { Properties = old.Properties with { Tags = tags } });
                await request.RespondAsync(200);
                break;
            case "DELETE":
                access.RequireObject(request, "s3:DeleteObjectTagging", bucket, ExistingTags(bucket, request.Key));
                store.Change(bucket, request.Key, old => old with { Properties = old.Properties with { Tags = [] } });
                await request.RespondAsync(204);
                break;
            default:
                throw S3Exception.MethodNotAllowed(request.Method, "OBJECT");
        }
    }

    /// <summary>?acl of an object: the owner has everything, and that cannot be changed.</summary>
    public async Task AclAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, request.Method == "PUT" ? "s3:PutObjectAcl" : "s3:GetObjectAcl", bucket);
        _ = store.Peek(bucket, request.Key) ?? throw access.Missing(request, bucket, request.Key);
        await AclDocument.AnswerAsync(request, access.OwnerId, "OBJECT");
    }

    /// <summary>?attributes of an object.</summary>
    public Task AttributesAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:GetObject", bucket, ExistingTags(bucket, request.Key));
        access.RequireObject(request, "s3:GetObjectAttributes", bucket, ExistingTags(bucket, request.Key));
        S3Object value = store.Peek(bucket, request.Key) ?? throw access.Missing(request, bucket, request.Key);
        string[] wanted = request.Headers.All("x-amz-object-attributes").SelectMany(names => names.Split(',', StringSplitOptions.TrimEntries)).ToArray();
        if (wanted.Length == 0)
        {
            throw S3Exception.InvalidRequest("At least one object attribute must be specified in the x-amz-object-attributes header.");
        }

        S3Xml document = new("GetObjectAttributesResponse");
        if (wanted.Contains("ETag"))
        {
            document.Add("ETag", value.ETag);
        }

        if (wanted.Contains("Checksum") && value.Checksum is { } checksum)
        {
            document.Open("Checksum").Add(checksum.Algorithm.Element(), checksum.Value).Add("ChecksumType", checksum.TypeName).Close();
        }

        if (wanted.Contains("ObjectParts") && value.Parts is { } parts)
        {
            document.Open("ObjectParts").Add("PartsCount", parts.Count);
            if (parts.Any(part => part.Checksum is not null))
            {
                foreach (ObjectPart part in parts)
                {
                    document.Open("Part").Add("PartNumber", part.Number).Add("Size", part.Size);
                    if (part.Checksum is { } partChecksum)
                    {
                        document.Add(partChecksum.Algorithm.Element(), partChecksum.Value);
                    }

                    document.Close();
                }
            }

            document.Close();
        }

        if (wanted.Contains("StorageClass"))
        {
            document.Add("StorageClass", value.Properties.StorageClass);
        }

        if (wanted.Contains("ObjectSize"))
        {
            document.Add("ObjectSize", value.Content.Length);
        }

        request.ExtraHeaders.Add("Last-Modified", value.LastModified.ToString("R", CultureInfo.InvariantCulture));
        return request.RespondAsync(document);
    }

    /// <summary>Finds the source of a copy and holds its data for the caller.</summary>
    public (S3Bucket Bucket, S3Object Object) OpenSource(S3Request request)
    {
        string text = request.Headers.Get("x-amz-copy-source")!;
        int question = text.IndexOf("?versionId=", StringComparison.Ordinal);
        if (question >= 0 && text[(question + "?versionId=".Length)..] != "null")
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
        access.Require(request, "s3:GetObject", S3Access.ObjectArn(bucket.Name, key), bucket, ExistingTags(bucket, key));
        S3Object value = store.Open(bucket, key) ?? throw access.Missing(request, bucket, key);
        try
        {
            Conditions.CheckCopySource(request.Headers, value);
            return (bucket, value);
        }
        catch
        {
            value.Content.Release();
            throw;
        }
    }

    /// <summary>Asks for s3:PutObject, and s3:PutObjectTagging where tags are set.</summary>
    public void RequirePut(S3Request request, S3Bucket bucket, ObjectProperties properties)
    {
        (string, string?)[] conditions =
        [
            ("s3:x-amz-acl", request.Headers.Get("x-amz-acl")),
            ("s3:x-amz-storage-class", properties.StorageClass),
            ("s3:x-amz-copy-source", request.Headers.Get("x-amz-copy-source")),
            ("s3:x-amz-server-side-encryption", request.Headers.Get("x-amz-server-side-encryption")),
            .. properties.Tags.Select(tag => ("s3:RequestObjectTag/" + tag.Key, (string?)tag.Value)),
        ];
        access.RequireObject(request, "s3:PutObject", bucket, conditions);
        if (properties.Tags.Count > 0)
        {
            access.RequireObject(request, "s3:PutObjectTagging", bucket, conditions);
        }
    }

    private static bool Directive(S3Request request, string header) => request.Headers.Get(header) switch
    {
        null or "COPY" => false,
        "REPLACE" => true,
        var other => throw S3Exception.InvalidArgument(header, other, $"Unknown {(header.Contains("tagging", StringComparison.Ordinal) ? "tagging" : "metadata")} directive."),
    };

    private static void RefuseVersion(S3Request request)
    {
        if (request.Query("versionId") is { } version && version != "null")
        {
            throw S3Exception.InvalidArgument("versionId", version, "Invalid version id specified");
        }
    }

    private static ByteRange? PartRange(S3Request request, S3Object value)
    {
        if (request.Query("partNumber") is not { } text)
        {
            return null;
        }

        if (request.Headers.Contains("Range"))
        {
            throw S3Exception.InvalidRequest("Cannot specify both Range header and partNumber query parameter");
        }

        int number = request.QueryNumber("partNumber", 1);
        IReadOnlyList<ObjectPart> parts = value.Parts ?? [new ObjectPart(1, value.Content.Length, null)];
        if (number < 1 || number > parts.Count)
        {
            throw new S3Exception(
                416, "InvalidPartNumber", "The requested partnumber is not satisfiable",
                ("PartNumberRequested", text), ("ActualPartCount", parts.Count.ToString(CultureInfo.InvariantCulture)));
        }

        if (value.Parts is not null)
        {
            request.ExtraHeaders.Add("x-amz-mp-parts-count", parts.Count.ToString(CultureInfo.InvariantCulture));
        }

        return value.Content.Length == 0 ? null : new ByteRange(parts.Take(number - 1).Sum(part => part.Size), parts[number - 1].Size);
    }

    /// <summary>ETag and checksum of a copy, which is one piece whatever its source was.</summary>
    private static async Task<(string ETag, ObjectChecksum? Checksum)> DigestAsync(
        S3Object source, ChecksumAlgorithm? algorithm, CancellationToken cancellation)
    {
        bool sameChecksum = algorithm is null || (source.Checksum is { Composite: false } known && known.Algorithm == algorithm);
        if (source.Parts is null && sameChecksum)
        {
            return (source.ETag, algorithm is null ? null : source.Checksum);
        }

        using IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using ChecksumHasher? hasher = algorithm is { } wanted ? new ChecksumHasher(wanted) : null;
        await foreach (ReadOnlyMemory<byte> piece in source.Content.ReadAsync(0, source.Content.Length, cancellation))
        {
            md5.AppendData(piece.Span);
            hasher?.Append(piece.Span);
        }

        return (PayloadReceiver.Hex(md5.GetHashAndReset()),
            hasher is null ? null : new ObjectChecksum(hasher.Algorithm, Convert.ToBase64String(hasher.Finish())));
    }

    private (string Key, string? Value)[] ExistingTags(S3Bucket bucket, string key) =>
        [.. store.Peek(bucket, key)?.Properties.Tags.Select(tag => ("s3:ExistingObjectTag/" + tag.Key, (string?)tag.Value)) ?? []];

    private void Keep(S3Bucket bucket, S3Object value, Action<S3Object?> condition)
    {
        try
        {
            store.Put(bucket, value, condition);
        }
        catch
        {
            value.Content.Release();
            throw;
        }
    }
}
