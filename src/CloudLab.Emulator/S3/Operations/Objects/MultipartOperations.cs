using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;
using KeyOrder = CloudLab.Core.Storage.Listing.KeyOrder;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Uploads in parts.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="objects">Knows what a put may do.</param>
/// <param name="copies">Knows how to open the source of a copy.</param>
/// <param name="time">The clock.</param>
internal sealed class MultipartOperations(S3Store store, S3Access access, ObjectOperations objects, CopyOperations copies, TimeProvider time)
{
    private const int MaxParts = 10000;
    private const long MinPartSize = 5 * 1024 * 1024;

    /// <summary>POST ?uploads.</summary>
    public Task CreateAsync(S3Request request, S3Bucket bucket)
    {
        ObjectProperties properties = ObjectHeaders.Read(request, bucket, access, time.GetUtcNow());
        objects.RequirePut(request, bucket, properties);
        ChecksumAlgorithm? algorithm = ChecksumAlgorithms.Asked(request.Headers);
        string? type = request.Headers.Get("x-amz-checksum-type");
        bool composite = type is null ? algorithm != ChecksumAlgorithm.Crc64Nvme : type == "COMPOSITE";
        if (type is not null && (algorithm is null
            || (composite && algorithm == ChecksumAlgorithm.Crc64Nvme)
            || (!composite && (type != "FULL_OBJECT" || !algorithm.Value.Combines()))))
        {
            throw S3Exception.InvalidRequest(algorithm is null
                ? "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
                : $"The {type} checksum type cannot be used with the {algorithm.Value.Name().ToLowerInvariant()} checksum algorithm.");
        }

        string id = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)).ToLowerInvariant();
        store.AddUpload(bucket, new MultipartUpload(id, request.Key, time.GetUtcNow(), properties, algorithm, composite));
        if (algorithm is { } chosen)
        {
            request.ExtraHeaders.Add("x-amz-checksum-algorithm", chosen.Name());
            request.ExtraHeaders.Add("x-amz-checksum-type", composite ? "COMPOSITE" : "FULL_OBJECT");
        }

        EncryptionHeaders.Write(request, properties.Encryption);
        return request.RespondAsync(
            new S3Xml("InitiateMultipartUploadResult").Add("Bucket", bucket.Name).Add("Key", request.Key).Add("UploadId", id));
    }

    /// <summary>PUT ?partNumber&amp;uploadId.</summary>
    public async Task UploadPartAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:PutObject", bucket);
        int number = PartNumber(request);
        MultipartUpload upload = Find(request, bucket);
        EncryptionHeaders.RequireKey(request, upload);
        if (PayloadReceiver.GivenChecksum(request.Headers) is { } given)
        {
            CheckAlgorithm(upload, given.Algorithm);
        }

        ReceivedPayload payload = await PayloadReceiver.ReceiveAsync(request, store, upload.ChecksumAlgorithm ?? ChecksumAlgorithms.Default);
        UploadedPart part = new(
            number, payload.Content, EncryptionHeaders.Tag(upload.Properties.Encryption, payload.ETag), time.GetUtcNow(), payload.Checksum);
        try
        {
            if (payload.Checksum is { } checksum)
            {
                CheckAlgorithm(upload, checksum.Algorithm);
            }

            store.PutPart(bucket, upload, part);
        }
        catch
        {
            payload.Content.Release();
            throw;
        }

        request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(part.ETag));
        EncryptionHeaders.Write(request, upload.Properties.Encryption);
        if (part.Checksum is { } kept)
        {
            request.ExtraHeaders.Add(kept.Algorithm.Header(), kept.Value);
        }

        await request.RespondAsync(200);
    }

    /// <summary>PUT ?partNumber&amp;uploadId with a copy source.</summary>
    public async Task CopyPartAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:PutObject", bucket);
        int number = PartNumber(request);
        MultipartUpload upload = Find(request, bucket);
        EncryptionHeaders.RequireKey(request, upload);
        (_, S3Object source) = copies.OpenSource(request);
        try
        {
            ByteRange range = request.Headers.Get("x-amz-copy-source-range") is { } text
                ? ByteRange.ParseExact(text, source.Content.Length)
                : new ByteRange(0, source.Content.Length);
            if (range.Length > PayloadReceiver.MaxSize)
            {
                throw S3Exception.InvalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
            }

            using IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
            using ChecksumHasher hasher = new(upload.ChecksumAlgorithm ?? ChecksumAlgorithms.Default);
            await foreach (ReadOnlyMemory<byte> piece in source.Content.ReadAsync(range.Offset, range.Length, request.Aborted))
            {
                md5.AppendData(piece.Span);
                hasher.Append(piece.Span);
            }

            Blob content = source.Content.Slice(range.Offset, range.Length).Hold();
            UploadedPart part = new(
                number, content, EncryptionHeaders.Tag(upload.Properties.Encryption, PayloadReceiver.Hex(md5.GetHashAndReset())), time.GetUtcNow(),
                new ObjectChecksum(hasher.Algorithm, Convert.ToBase64String(hasher.Finish())));
            try
            {
                store.PutPart(bucket, upload, part);
            }
            catch
            {
                content.Release();
                throw;
            }

            EncryptionHeaders.Write(request, upload.Properties.Encryption);
            S3Xml document = new S3Xml("CopyPartResult")
                .Add("LastModified", S3Xml.Time(part.LastModified)).Add("ETag", ObjectHeaders.Quote(part.ETag));
            await request.RespondAsync(part.Checksum is { } checksum ? document.Add(checksum.Algorithm.Element(), checksum.Value) : document);
        }
        finally
        {
            source.Content.Release();
        }
    }

    /// <summary>POST ?uploadId: makes the object.</summary>
    public async Task CompleteAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:PutObject", bucket);
        MultipartUpload upload = Find(request, bucket);
        XElement root = S3Xml.Parse(await PayloadReceiver.ReceiveDocumentAsync(request, checksumOfBody: false), "CompleteMultipartUpload");
        XElement[] wanted = S3Xml.Children(root, "Part").ToArray();
        if (wanted.Length is 0 or > MaxParts)
        {
            throw S3Exception.MalformedXml();
        }

        (ChecksumAlgorithm Algorithm, byte[] Value)? given = GivenObjectChecksum(request);
        S3Object value = store.Complete(
            bucket, upload, Conditions.OfWrite(request), parts => Assemble(request, upload, parts, wanted, given));
        S3Xml document = new S3Xml("CompleteMultipartUploadResult")
            .Add("Location", $"http://{request.Headers.Get("Host")}/{bucket.Name}/{UrlText.Encode(value.Key, keepSlash: true)}")
            .Add("Bucket", bucket.Name).Add("Key", value.Key).Add("ETag", ObjectHeaders.Quote(value.ETag));
        if (value.Checksum is { } checksum)
        {
            document.Add(checksum.Algorithm.Element(), checksum.Value).Add("ChecksumType", checksum.TypeName);
        }

        ObjectHeaders.WriteStored(request, bucket, value);
        await request.RespondAsync(document);
    }

    /// <summary>DELETE ?uploadId.</summary>
    public Task AbortAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:AbortMultipartUpload", bucket);
        store.Abort(bucket, Find(request, bucket));
        return request.RespondAsync(204);
    }

    /// <summary>GET ?uploadId: the parts that are there.</summary>
    public Task ListPartsAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireObject(request, "s3:ListMultipartUploadParts", bucket);
        MultipartUpload upload = Find(request, bucket);
        int max = request.QueryNumber("max-parts", 1000, 1000), marker = request.QueryNumber("part-number-marker", 0);
        UploadedPart[] parts;
        lock (bucket.Gate)
        {
            parts = upload.Parts.Values.Where(part => part.Number > marker).Take(max + 1).ToArray();
        }

        bool truncated = max > 0 && parts.Length > max;
        S3Xml document = new S3Xml("ListPartsResult")
            .Add("Bucket", bucket.Name).Add("Key", EncodeKey(request, upload.Key)).Add("EncodingType", request.Query("encoding-type"))
            .Add("UploadId", upload.Id)
            .AddOwner("Initiator", access.OwnerId).AddOwner("Owner", access.OwnerId).Add("StorageClass", upload.Properties.StorageClass)
            .Add("PartNumberMarker", marker).Add("NextPartNumberMarker", truncated ? parts[max - 1].Number : parts.LastOrDefault()?.Number ?? 0)
            .Add("MaxParts", max).Add("IsTruncated", truncated);
        if (upload.ChecksumAlgorithm is { } algorithm)
        {
            document.Add("ChecksumAlgorithm", algorithm.Name()).Add("ChecksumType", upload.Composite ? "COMPOSITE" : "FULL_OBJECT");
        }

        foreach (UploadedPart part in parts.Take(max))
        {
            document.Open("Part").Add("PartNumber", part.Number).Add("LastModified", S3Xml.Time(part.LastModified))
                .Add("ETag", ObjectHeaders.Quote(part.ETag)).Add("Size", part.Content.Length);
            if (part.Checksum is { } checksum)
            {
                document.Add(checksum.Algorithm.Element(), checksum.Value);
            }

            document.Close();
        }

        return request.RespondAsync(document);
    }

    /// <summary>GET ?uploads: the uploads that are not completed.</summary>
    public Task ListUploadsAsync(S3Request request, S3Bucket bucket)
    {
        access.RequireBucket(request, "s3:ListBucketMultipartUploads", bucket);
        string prefix = request.Query("prefix") ?? "", delimiter = request.Query("delimiter") ?? "";
        string keyMarker = request.Query("key-marker") ?? "", idMarker = request.Query("upload-id-marker") ?? "";
        int max = request.QueryNumber("max-uploads", 1000, 1000);
        MultipartUpload[] all;
        lock (bucket.Gate)
        {
            all = [.. bucket.Uploads.Values.Where(upload => upload.Key.StartsWith(prefix, StringComparison.Ordinal))];
        }

        List<MultipartUpload> uploads = [];
        SortedSet<string> prefixes = new(KeyOrder.Instance);
        bool truncated = false;
        (string Key, string Id) last = ("", "");
        foreach (MultipartUpload upload in all.OrderBy(upload => upload.Key, KeyOrder.Instance).ThenBy(upload => upload.Id, StringComparer.Ordinal))
        {
            int order = KeyOrder.Compare(upload.Key, keyMarker);
            if (keyMarker.Length > 0 && (order < 0 || (order == 0 && string.CompareOrdinal(upload.Id, idMarker) <= 0)))
            {
                continue;
            }

            int at = delimiter.Length == 0 ? -1 : upload.Key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            string? common = at < 0 ? null : upload.Key[..(at + delimiter.Length)];
            if (common is not null && (common == keyMarker || prefixes.Contains(common)))
            {
                continue;
            }

            if (uploads.Count + prefixes.Count == max)
            {
                truncated = max > 0;
                break;
            }

            if (common is not null)
            {
                prefixes.Add(common);
                last = (common, "");
            }
            else
            {
                uploads.Add(upload);
                last = (upload.Key, upload.Id);
            }
        }

        S3Xml document = new S3Xml("ListMultipartUploadsResult")
            .Add("Bucket", bucket.Name).Add("KeyMarker", EncodeKey(request, keyMarker)).Add("UploadIdMarker", idMarker)
            .Add("NextKeyMarker", EncodeKey(request, truncated ? last.Key : ""))
            .Add("NextUploadIdMarker", truncated ? last.Id : "")
            .Add("Delimiter", delimiter.Length > 0 ? EncodeKey(request, delimiter) : null).Add("Prefix", EncodeKey(request, prefix))
            .Add("EncodingType", request.Query("encoding-type")).Add("MaxUploads", max).Add("IsTruncated", truncated);
        foreach (MultipartUpload upload in uploads)
        {
            document.Open("Upload").Add("Key", EncodeKey(request, upload.Key)).Add("UploadId", upload.Id)
                .AddOwner("Initiator", access.OwnerId).AddOwner("Owner", access.OwnerId)
                .Add("StorageClass", upload.Properties.StorageClass).Add("Initiated", S3Xml.Time(upload.Initiated)).Close();
        }

        foreach (string common in prefixes)
        {
            document.Open("CommonPrefixes").Add("Prefix", EncodeKey(request, common)).Close();
        }

        return request.RespondAsync(document);
    }

    private static string EncodeKey(S3Request request, string key) =>
        request.Query("encoding-type") == "url" ? UrlText.Encode(key, keepSlash: true) : key;

    private static int PartNumber(S3Request request) =>
        int.TryParse(request.Query("partNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= MaxParts
            ? number
            : throw S3Exception.InvalidArgument(
                "partNumber", request.Query("partNumber") ?? "", "Part number must be an integer between 1 and 10000, inclusive");

    private static MultipartUpload Find(S3Request request, S3Bucket bucket)
    {
        string id = request.Query("uploadId") ?? "";
        lock (bucket.Gate)
        {
            return bucket.Uploads.TryGetValue(id, out MultipartUpload? upload) && upload.Key == request.Key
                ? upload
                : throw S3Exception.NoSuchUpload(id);
        }
    }

    private static void CheckAlgorithm(MultipartUpload upload, ChecksumAlgorithm given)
    {
        if (upload.ChecksumAlgorithm is { } expected && given != expected)
        {
            throw S3Exception.InvalidRequest(
                $"Checksum Type mismatch occurred, expected checksum Type: {expected.Name().ToLowerInvariant()}, actual checksum Type: {given.Name().ToLowerInvariant()}");
        }
    }

    private static S3Object AssembleParts(MultipartUpload upload, IReadOnlyList<UploadedPart> parts, ObjectChecksum? checksum, DateTimeOffset now)
    {
        byte[] digests = [.. parts.SelectMany(part => Convert.FromHexString(part.ETag))];
        return new S3Object(
            upload.Key,
            Blob.Join(parts.Select(part => part.Content)),
            PayloadReceiver.Hex(MD5.HashData(digests)) + "-" + parts.Count.ToString(CultureInfo.InvariantCulture),
            now,
            upload.Properties,
            checksum,
            [.. parts.Select(part => new ObjectPart(part.Number, part.Content.Length, part.Checksum))]);
    }

    private static ObjectChecksum? Checksum(MultipartUpload upload, IReadOnlyList<UploadedPart> parts, ChecksumAlgorithm? asked)
    {
        // Where the upload says nothing, the parts do: what they all have joins into a checksum of the whole.
        ChecksumAlgorithm chosen = upload.ChecksumAlgorithm ?? asked ?? parts[0].Checksum?.Algorithm ?? ChecksumAlgorithms.Default;
        if (parts.Any(part => part.Checksum?.Algorithm != chosen))
        {
            return null;
        }

        if (upload.Composite && upload.ChecksumAlgorithm is not null)
        {
            using ChecksumHasher hasher = new(chosen);
            foreach (UploadedPart part in parts)
            {
                hasher.Append(Convert.FromBase64String(part.Checksum!.Value));
            }

            return new ObjectChecksum(
                chosen, Convert.ToBase64String(hasher.Finish()) + "-" + parts.Count.ToString(CultureInfo.InvariantCulture), Composite: true);
        }

        return chosen.Combines()
            ? new ObjectChecksum(chosen, Convert.ToBase64String(ChecksumHasher.Combine(
                chosen, parts.Select(part => (Convert.FromBase64String(part.Checksum!.Value), part.Content.Length)))))
            : null;
    }

    private S3Object Assemble(
        S3Request request, MultipartUpload upload, IReadOnlyDictionary<int, UploadedPart> uploaded, XElement[] wanted,
        (ChecksumAlgorithm Algorithm, byte[] Value)? given)
    {
        List<UploadedPart> parts = [];
        foreach (XElement element in wanted)
        {
            if (!int.TryParse(S3Xml.Text(element, "PartNumber"), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                || S3Xml.Text(element, "ETag") is not { } etag)
            {
                throw S3Exception.MalformedXml();
            }

            if (parts.Count > 0 && number <= parts[^1].Number)
            {
                throw new S3Exception(
                    400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.",
                    ("UploadId", upload.Id));
            }

            if (!uploaded.TryGetValue(number, out UploadedPart? part) || part.ETag != etag.Trim().Trim('"') || !SameChecksum(element, part))
            {
                throw new S3Exception(
                    400, "InvalidPart",
                    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
                    ("UploadId", upload.Id), ("PartNumber", number.ToString(CultureInfo.InvariantCulture)), ("ETag", etag.Trim().Trim('"')));
            }

            parts.Add(part);
        }

        if (parts.SkipLast(1).FirstOrDefault(part => part.Content.Length < MinPartSize) is { } small)
        {
            throw new S3Exception(
                400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
                ("ProposedSize", small.Content.Length.ToString(CultureInfo.InvariantCulture)),
                ("MinSizeAllowed", MinPartSize.ToString(CultureInfo.InvariantCulture)),
                ("PartNumber", small.Number.ToString(CultureInfo.InvariantCulture)), ("ETag", small.ETag));
        }

        ObjectChecksum? checksum = Checksum(upload, parts, given?.Algorithm);
        S3Object value = AssembleParts(upload, parts, checksum, time.GetUtcNow());
        if (request.Headers.Get("x-amz-mp-object-size") is { } size && size != value.Content.Length.ToString(CultureInfo.InvariantCulture))
        {
            throw S3Exception.InvalidRequest(
                $"The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {value.Content.Length}");
        }

        if (given is { } expected && checksum is { Composite: false } && checksum.Algorithm == expected.Algorithm
            && checksum.Value != Convert.ToBase64String(expected.Value))
        {
            throw new S3Exception(400, "BadDigest", $"The {checksum.Algorithm.Name()} you specified did not match the calculated checksum.");
        }

        return value;
    }

    private static bool SameChecksum(XElement element, UploadedPart part) => ChecksumAlgorithms.All.All(algorithm =>
        S3Xml.Text(element, algorithm.Element()) is not { Length: > 0 } text
        || part.Checksum?.Algorithm != algorithm || part.Checksum.Value == text);

    /// <summary>The checksum of the object to be. One with <c>-N</c> behind it is the parts' and is checked by them.</summary>
    private static (ChecksumAlgorithm Algorithm, byte[] Value)? GivenObjectChecksum(S3Request request) =>
        ChecksumAlgorithms.All.Any(algorithm => request.Headers.Get(algorithm.Header())?.Contains('-', StringComparison.Ordinal) == true)
            ? null
            : PayloadReceiver.GivenChecksum(request.Headers);
}
