using System.Globalization;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>Objects: put, get and head.</summary>
/// <param name="store">The store.</param>
/// <param name="access">Who may do what.</param>
/// <param name="lookup">Finds versions.</param>
/// <param name="time">The clock.</param>
internal sealed class ObjectOperations(S3Store store, S3Access access, ObjectLookup lookup, TimeProvider time)
{
    /// <summary>GET and HEAD of an object.</summary>
    public async Task GetAsync(S3Request request, S3Bucket bucket)
    {
        S3Object value = lookup.Open(request, bucket, "s3:GetObject");
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            EncryptionHeaders.RequireKey(request, value);
            if (!Conditions.CheckRead(request.Headers, value))
            {
                request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(value.ETag));
                request.ExtraHeaders.Add("Last-Modified", value.LastModified.ToString("R", CultureInfo.InvariantCulture));
                ObjectHeaders.WriteVersion(request, bucket, value);
                await request.RespondAsync(304);
                return;
            }

            if (request.Method == "GET")
            {
                Archive.RequireReadable(value, now);
            }

            ByteRange? range = PartRange(request, value) ?? ByteRange.Parse(request.Headers.Get("Range"), value.Content.Length);
            ByteRange whole = new(0, value.Content.Length);
            ObjectHeaders.Write(request, bucket, value, now, withChecksum: range is null || range == whole);
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
        ObjectProperties properties = ObjectHeaders.Read(request, bucket, access, time.GetUtcNow());
        RequirePut(request, bucket, properties);
        ObjectLock.RequireChecksum(request, properties);
        Action<S3Object?> condition = Conditions.OfWrite(request);

        // Told before the upload where it is known before; decided when the data is there.
        condition(store.Current(bucket, request.Key));
        ReceivedPayload payload = await PayloadReceiver.ReceiveAsync(request, store, ChecksumAlgorithms.Default);
        S3Object value = Keep(bucket, new S3Object(
            request.Key, payload.Content, EncryptionHeaders.Tag(properties.Encryption, payload.ETag), time.GetUtcNow(), properties, payload.Checksum, null), condition);
        request.ExtraHeaders.Add("ETag", ObjectHeaders.Quote(value.ETag));
        ObjectHeaders.WriteStored(request, bucket, value);
        ObjectHeaders.WriteChecksum(request, value.Checksum);
        await request.RespondAsync(200);
    }

    /// <summary>Asks for s3:PutObject, and for what else the properties need.</summary>
    public void RequirePut(S3Request request, S3Bucket bucket, ObjectProperties properties)
    {
        (string, string?)[] conditions =
        [
            ("s3:x-amz-acl", request.Headers.Get("x-amz-acl")),
            ("s3:x-amz-storage-class", properties.StorageClass),
            ("s3:x-amz-copy-source", request.Headers.Get("x-amz-copy-source")),
            ("s3:x-amz-metadata-directive", request.Headers.Get("x-amz-metadata-directive")),
            ("s3:x-amz-server-side-encryption", request.Headers.Get("x-amz-server-side-encryption")),
            ("s3:x-amz-server-side-encryption-aws-kms-key-id", request.Headers.Get("x-amz-server-side-encryption-aws-kms-key-id")),
            .. properties.Tags.Select(tag => ("s3:RequestObjectTag/" + tag.Key, (string?)tag.Value)),
        ];
        access.RequireObject(request, "s3:PutObject", bucket, conditions);
        if (properties.Tags.Count > 0)
        {
            access.RequireObject(request, "s3:PutObjectTagging", bucket, conditions);
        }

        if (request.Headers.Contains("x-amz-object-lock-mode"))
        {
            access.RequireObject(request, "s3:PutObjectRetention", bucket, conditions);
        }

        if (properties.LegalHold is not null)
        {
            access.RequireObject(request, "s3:PutObjectLegalHold", bucket, conditions);
        }
    }

    /// <summary>Puts an object into the store, or lets its data go.</summary>
    public S3Object Keep(S3Bucket bucket, S3Object value, Action<S3Object?> condition)
    {
        try
        {
            return store.Put(bucket, value, condition);
        }
        catch
        {
            value.Content.Release();
            throw;
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
}
