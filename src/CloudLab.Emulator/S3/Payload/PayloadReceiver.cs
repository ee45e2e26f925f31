using System.Globalization;
using System.Security.Cryptography;
using CloudLab.Emulator.Http;
using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Payload;

/// <summary>Receives bodies into the store and holds them against length, signature, Content-MD5 and checksums.</summary>
internal static class PayloadReceiver
{
    /// <summary>Largest body of one request: 5 GiB.</summary>
    public const long MaxSize = 5L * 1024 * 1024 * 1024;

    private const int MaxDocument = 4 * 1024 * 1024;
    private const string Streaming = "STREAMING-";

    /// <summary>Receives an object or a part.</summary>
    /// <param name="request">The request.</param>
    /// <param name="store">Where the data goes.</param>
    /// <param name="compute">A checksum to compute where the client gives none.</param>
    /// <returns>The payload. Throws where the body is not what its headers say; nothing is kept then.</returns>
    public static async Task<ReceivedPayload> ReceiveAsync(S3Request request, S3Store store, ChecksumAlgorithm? compute = null)
    {
        long? length = DeclaredLength(request);
        if (length > MaxSize)
        {
            throw new S3Exception(
                400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.",
                ("ProposedSize", length.Value.ToString(CultureInfo.InvariantCulture)),
                ("MaxSizeAllowed", MaxSize.ToString(CultureInfo.InvariantCulture)));
        }

        await using BlobWriter writer = store.CreateBlob(length);
        return await ReceiveAsync(request, request.Body, writer, length, compute);
    }

    /// <summary>Receives the file of a form.</summary>
    /// <param name="request">The request, with the form's fields for headers.</param>
    /// <param name="file">The file.</param>
    /// <param name="store">Where the data goes.</param>
    /// <returns>The payload. Throws where the file is not what the fields say; nothing is kept then.</returns>
    public static async Task<ReceivedPayload> ReceiveFileAsync(S3Request request, Stream file, S3Store store)
    {
        await using BlobWriter writer = store.CreateBlob(null);
        return await ReceiveAsync(request, file, writer, null, ChecksumAlgorithms.Default);
    }

    /// <summary>Receives a small document.</summary>
    /// <param name="request">The request.</param>
    /// <param name="needsChecksum">True where the client must send Content-MD5 or a checksum.</param>
    /// <param name="checksumOfBody">False where a checksum in the headers is not this body's.</param>
    /// <returns>The document.</returns>
    public static async Task<byte[]> ReceiveDocumentAsync(S3Request request, bool needsChecksum = false, bool checksumOfBody = true)
    {
        long? length = request.Headers.Contains("Content-Length") || request.Headers.Contains("x-amz-decoded-content-length") || request.Headers.Contains("Transfer-Encoding")
            ? DeclaredLength(request)
            : 0;
        if (length > MaxDocument)
        {
            throw new S3Exception(400, "MaxMessageLengthExceeded", "Your request was too big.");
        }

        if (needsChecksum && !request.Headers.Contains("Content-MD5") && !request.Headers.Contains("x-amz-trailer")
            && !ChecksumAlgorithms.All.Any(algorithm => request.Headers.Contains(algorithm.Header())))
        {
            throw S3Exception.InvalidRequest("Missing required header for this request: Content-MD5");
        }

        ReceivedPayload payload = await ReceiveAsync(request, request.Body, new MemoryBlobWriter(length), length, null, checksumOfBody);
        byte[] document = new byte[payload.Content.Length];
        int at = 0;
        await foreach (ReadOnlyMemory<byte> piece in payload.Content.ReadAsync(0, document.Length, request.Aborted))
        {
            piece.CopyTo(document.AsMemory(at));
            at += piece.Length;
        }

        return document;
    }

    private static async Task<ReceivedPayload> ReceiveAsync(
        S3Request request, Stream body, BlobWriter writer, long? length, ChecksumAlgorithm? compute, bool checksumOfBody = true)
    {
        string payloadHash = request.Signature?.PayloadHash ?? request.Headers.Get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD";
        (ChecksumAlgorithm Algorithm, byte[] Value)? given = checksumOfBody ? GivenChecksum(request.Headers) : null;
        ChecksumAlgorithm? trailing = TrailingChecksum(request.Headers, payloadHash);
        if (given is not null && trailing is not null)
        {
            throw MoreThanOne();
        }

        if (given is null && trailing is null && request.Headers.Contains("x-amz-sdk-checksum-algorithm")
            && checksumOfBody && !request.Headers.Contains("Content-MD5"))
        {
            throw S3Exception.InvalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.");
        }

        byte[]? wantedMd5 = GivenMd5(request.Headers);
        ChecksumAlgorithm? algorithm = given?.Algorithm ?? trailing ?? compute;
        using IncrementalHash md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using IncrementalHash? sha256 = payloadHash.Length == 64 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        using ChecksumHasher? checksum = algorithm is { } wanted ? new ChecksumHasher(wanted) : null;
        AwsChunkedStream? chunks = payloadHash.StartsWith(Streaming, StringComparison.Ordinal)
            ? new AwsChunkedStream(
                body,
                payloadHash.StartsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", StringComparison.Ordinal) ? request.Signature : null,
                payloadHash.EndsWith("-TRAILER", StringComparison.Ordinal))
            : null;

        long total = 0;
        while (true)
        {
            Memory<byte> room = writer.GetMemory();
            int count = chunks is null
                ? await body.ReadAsync(room, request.Aborted)
                : await chunks.ReadAsync(room, request.Aborted);
            if (count == 0)
            {
                break;
            }

            if ((total += count) > (length ?? MaxSize))
            {
                throw IncompleteBody();
            }

            ReadOnlySpan<byte> data = room.Span[..count];
            md5.AppendData(data);
            sha256?.AppendData(data);
            checksum?.Append(data);
            await writer.AdvanceAsync(count, request.Aborted);
        }

        if (length is { } expected && total != expected)
        {
            throw IncompleteBody();
        }

        byte[] digest = md5.GetHashAndReset();
        if (wantedMd5 is not null && !wantedMd5.AsSpan().SequenceEqual(digest))
        {
            throw new S3Exception(
                400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
                ("ExpectedDigest", Convert.ToBase64String(wantedMd5)), ("CalculatedDigest", Convert.ToBase64String(digest)));
        }

        if (sha256 is not null)
        {
            string computed = Hex(sha256.GetHashAndReset());
            if (computed != payloadHash)
            {
                throw new S3Exception(
                    400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.",
                    ("ClientComputedContentSHA256", payloadHash), ("S3ComputedContentSHA256", computed));
            }
        }

        ObjectChecksum? result = null;
        if (checksum is not null)
        {
            byte[] computed = checksum.Finish();
            byte[]? wantedValue = given?.Value;
            if (trailing is { } inTrailer)
            {
                string? text = chunks!.Trailer.FirstOrDefault(field => field.Name == inTrailer.Header()).Value;
                wantedValue = text is null ? throw AwsChunkedStream.MalformedTrailer() : ParseChecksum(inTrailer, text);
            }

            if (wantedValue is not null && !wantedValue.AsSpan().SequenceEqual(computed))
            {
                throw new S3Exception(
                    400, "BadDigest", $"The {checksum.Algorithm.Name()} you specified did not match the calculated checksum.");
            }

            result = new ObjectChecksum(checksum.Algorithm, Convert.ToBase64String(computed));
        }

        return new ReceivedPayload(await writer.CommitAsync(request.Aborted), Hex(digest), result);
    }

    /// <summary>Lower-case hex.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <returns>The text.</returns>
    public static string Hex(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();

    /// <summary>The checksum in a request's headers.</summary>
    /// <param name="headers">Request headers.</param>
    /// <returns>The checksum, or null. Throws where there is more than one, or it cannot be one.</returns>
    public static (ChecksumAlgorithm Algorithm, byte[] Value)? GivenChecksum(HttpHeaderList headers)
    {
        (ChecksumAlgorithm Algorithm, byte[] Value)? found = null;
        foreach (ChecksumAlgorithm algorithm in ChecksumAlgorithms.All)
        {
            if (headers.Get(algorithm.Header()) is { } text)
            {
                found = found is null ? (algorithm, ParseChecksum(algorithm, text)) : throw MoreThanOne();
            }
        }

        return found;
    }

    private static byte[] ParseChecksum(ChecksumAlgorithm algorithm, string text)
    {
        byte[] value = new byte[64];
        return Convert.TryFromBase64String(text, value, out int count) && count == algorithm.Size()
            ? value[..count]
            : throw S3Exception.InvalidRequest($"Value for {algorithm.Header()} header is invalid.");
    }

    private static byte[]? GivenMd5(HttpHeaderList headers)
    {
        if (headers.Get("Content-MD5") is not { } text)
        {
            return null;
        }

        byte[] value = new byte[64];
        return Convert.TryFromBase64String(text, value, out int count) && count == 16
            ? value[..16]
            : throw new S3Exception(400, "InvalidDigest", "The Content-MD5 you specified was invalid.", ("Content-MD5", text));
    }

    private static ChecksumAlgorithm? TrailingChecksum(HttpHeaderList headers, string payloadHash)
    {
        if (headers.Get("x-amz-trailer") is not { } names)
        {
            return null;
        }

        if (!payloadHash.EndsWith("-TRAILER", StringComparison.Ordinal))
        {
            throw S3Exception.InvalidRequest("x-amz-trailer needs an x-amz-content-sha256 that ends in -TRAILER.");
        }

        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries))
        {
            if (ChecksumAlgorithms.All.Where(algorithm => name.Equals(algorithm.Header(), StringComparison.OrdinalIgnoreCase)).ToArray() is [var found])
            {
                return found;
            }
        }

        throw S3Exception.InvalidRequest("The value specified in the x-amz-trailer header is not supported");
    }

    private static long? DeclaredLength(S3Request request)
    {
        string? text = request.Headers.Get("x-amz-decoded-content-length");
        bool streaming = (request.Signature?.PayloadHash ?? request.Headers.Get("x-amz-content-sha256"))?.StartsWith(Streaming, StringComparison.Ordinal) == true;
        if (!streaming)
        {
            if (request.Headers.Contains("Transfer-Encoding"))
            {
                throw S3Exception.NotImplemented("Transfer-Encoding");
            }

            text = request.Headers.Get("Content-Length");
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            ? length
            : throw new S3Exception(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    }

    private static S3Exception IncompleteBody() => new(
        400, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header");

    private static S3Exception MoreThanOne() =>
        S3Exception.InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}
