using System.Text;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Who may come in: signatures in headers, in URLs and in chunks.</summary>
[Trait("Area", "Emulator")]
public sealed class S3SignatureTests : S3Tests
{
    private static readonly string Empty = S3Signer.Hash([]);

    private Uri Url => Emulator.Info.EndpointUrl;

    [Fact]
    public async Task A_signed_request_is_answered()
    {
        await PutAsync("a b/ü+%2F");
        RawAnswer answer = await SendAsync(Signer.Head("GET", "/movies/a%20b/%C3%BC%2B%252F", Empty));
        Assert.Equal((200, "hello"), (answer.Status, answer.Text));
        Assert.Equal(16, answer.Headers["x-amz-request-id"].Length);
    }

    [Fact]
    public async Task A_request_without_a_signature_is_refused()
    {
        await PutAsync("open");
        RawAnswer answer = await SendAsync($"GET /movies/open HTTP/1.1\r\nHost: {Url.Authority}\r\n");
        Assert.Equal((403, "AccessDenied"), (answer.Status, answer.Code));
        Assert.Equal("/movies/open", answer.Element("Resource"));
        Assert.Equal(answer.Headers["x-amz-request-id"], answer.Element("RequestId"));
    }

    [Theory]
    [InlineData("secret", 403, "SignatureDoesNotMatch")]
    [InlineData("key", 403, "InvalidAccessKeyId")]
    [InlineData("token", 400, "InvalidToken")]
    [InlineData("service", 400, "AuthorizationHeaderMalformed")]
    [InlineData("late", 403, "RequestTimeTooSkewed")]
    [InlineData("early", 403, "RequestTimeTooSkewed")]
    public async Task A_spoiled_signature_is_refused_by_name(string what, int status, string code)
    {
        S3Signer signer = what switch
        {
            "secret" => new(Emulator.Info) { SecretKey = "other" },
            "key" => new(Emulator.Info) { AccessKey = "AKIAOTHER" },
            "token" => new(Emulator.Info) { Token = "none" },
            "service" => new(Emulator.Info) { Service = "ec2" },
            _ => new(Emulator.Info, DateTimeOffset.UtcNow.AddMinutes(what == "late" ? -16 : 16)),
        };
        RawAnswer answer = await SendAsync(signer.Head("GET", "/movies?list-type=2", Empty));
        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.DoesNotContain(Emulator.Info.GetEnvironment()["AWS_SECRET_ACCESS_KEY"], answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/movies/other", "the path")]
    [InlineData("HEAD", "/movies/x", "the method")]
    [InlineData("GET", "/movies/x?partNumber=2", "the query")]
    public async Task What_was_signed_cannot_be_changed(string method, string target, string what)
    {
        string head = Signer.Head("GET", "/movies/x", Empty);
        RawAnswer answer = await RawHttp.SendAsync(Url, $"{method} {target}{head[head.IndexOf(" HTTP", StringComparison.Ordinal)..]}\r\n");
        Assert.True(answer.Status == 403, what);
    }

    [Fact]
    public async Task An_amz_header_that_is_not_signed_is_refused()
    {
        RawAnswer answer = await SendAsync(Signer.Head("GET", "/movies/x", Empty) + "x-amz-meta-late: 1\r\n");
        Assert.Equal((403, "AccessDenied", "x-amz-meta-late"), (answer.Status, answer.Code, answer.Element("HeadersNotSigned")));
    }

    [Fact]
    public async Task The_hash_of_the_payload_must_be_there_and_true()
    {
        string head = Signer.Head("PUT", "/movies/x", S3Signer.Hash("hello"u8.ToArray())) + "Content-Length: 5\r\n";
        Assert.Equal("XAmzContentSHA256Mismatch", (await SendAsync(head, "HELLO"u8.ToArray())).Code);
        Assert.Equal(200, (await SendAsync(head, "hello"u8.ToArray())).Status);
        Assert.Equal("InvalidArgument", (await SendAsync(Signer.Head("PUT", "/movies/x", "nonsense") + "Content-Length: 0\r\n")).Code);
        Assert.Equal("hello", await GetAsync("x"));
    }

    [Fact]
    public async Task A_presigned_url_works_until_it_expires()
    {
        await PutAsync("x");
        RawAnswer answer = await OpenAsync(Signer.Presign("GET", "/movies/x", 60, "response-content-type=text%2Fcsv"));
        Assert.Equal((200, "hello", "text/csv"), (answer.Status, answer.Text, answer.Headers["Content-Type"]));

        answer = await OpenAsync(new S3Signer(Emulator.Info, DateTimeOffset.UtcNow.AddMinutes(-2)).Presign("GET", "/movies/x", 60));
        Assert.Equal((403, "AccessDenied", "Request has expired"), (answer.Status, answer.Code, answer.Element("Message")));

        answer = await OpenAsync(new S3Signer(Emulator.Info, DateTimeOffset.UtcNow.AddMinutes(20)).Presign("GET", "/movies/x", 60));
        Assert.Equal((403, "Request is not yet valid"), (answer.Status, answer.Element("Message")));

        answer = await OpenAsync(Signer.Presign("GET", "/movies/x", 604801));
        Assert.Equal((400, "AuthorizationQueryParametersError"), (answer.Status, answer.Code));

        answer = await OpenAsync(Signer.Presign("GET", "/movies/x", 60).Replace("X-Amz-Expires=60", "X-Amz-Expires=600", StringComparison.Ordinal));
        Assert.Equal((403, "SignatureDoesNotMatch"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_presigned_put_takes_a_body()
    {
        RawAnswer answer = await SendAsync(
            $"PUT {Signer.Presign("PUT", "/movies/up", 60)} HTTP/1.1\r\nHost: {Url.Authority}\r\nContent-Length: 5\r\n", "hello"u8.ToArray());
        Assert.Equal(200, answer.Status);
        Assert.Equal("hello", await GetAsync("up"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Signed_chunks_are_put_together(bool trailer)
    {
        byte[] one = Bytes(8192), two = Bytes(70000, 2), three = Bytes(100, 3);
        byte[] all = [.. one, .. two, .. three];
        string crc = Crc32(all);
        RawAnswer answer = await ChunksAsync(all.Length, trailer ? crc : null, (signer, seed) => trailer
            ? signer.Chunks(seed, [one, two, three], ("x-amz-checksum-crc32", crc))
            : signer.Chunks(seed, [one, two, three]));
        Assert.Equal(200, answer.Status);
        using Amazon.S3.Model.GetObjectResponse stored = await S3.GetObjectAsync(Bucket, "chunks", Cancel);
        MemoryStream data = new();
        await stored.ResponseStream.CopyToAsync(data, Cancel);
        Assert.Equal(all, data.ToArray());
        Assert.Null(stored.Headers.ContentEncoding);
    }

    [Fact]
    public async Task A_spoiled_chunk_is_refused_and_nothing_is_kept()
    {
        byte[] one = Bytes(8192), two = Bytes(100, 2);
        RawAnswer answer = await ChunksAsync(one.Length + two.Length, null, (signer, seed) =>
        {
            byte[] body = signer.Chunks(seed, [one, two]);
            body[^150] ^= 1;
            return body;
        });
        Assert.Equal((403, "SignatureDoesNotMatch"), (answer.Status, answer.Code));
        Assert.Equal(404, (await SendAsync(Signer.Head("GET", "/movies/chunks", Empty))).Status);
    }

    [Fact]
    public async Task A_trailer_that_was_changed_or_is_wrong_is_refused()
    {
        byte[] data = Bytes(100);
        string right = Crc32(data), wrong = Crc32([1]);
        RawAnswer changed = await ChunksAsync(data.Length, right, (signer, seed) => Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(signer.Chunks(seed, [data], ("x-amz-checksum-crc32", right))).Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Equal("SignatureDoesNotMatch", changed.Code);
        RawAnswer mistaken = await ChunksAsync(data.Length, wrong, (signer, seed) => signer.Chunks(seed, [data], ("x-amz-checksum-crc32", wrong)));
        Assert.Equal("BadDigest", mistaken.Code);
        RawAnswer missing = await ChunksAsync(data.Length, right, (signer, seed) => signer.Chunks(seed, [data], ("x-amz-meta-x", "1")));
        Assert.Equal("MalformedTrailerError", missing.Code);
    }

    [Fact]
    public async Task Chunks_that_are_too_few_or_too_small_are_refused()
    {
        RawAnswer few = await ChunksAsync(200, null, (signer, seed) => signer.Chunks(seed, [Bytes(100)]));
        Assert.Equal("IncompleteBody", few.Code);
        RawAnswer small = await ChunksAsync(200, null, (signer, seed) => signer.Chunks(seed, [Bytes(100), Bytes(100)]));
        Assert.Equal("InvalidChunkSizeError", small.Code);
    }

    [Fact]
    public async Task An_unsigned_trailer_is_verified()
    {
        byte[] data = Bytes(20000);
        RawAnswer Send(string crc)
        {
            byte[] body = [.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data, .. Encoding.ASCII.GetBytes($"\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n")];
            string head = Signer.Head(
                "PUT", "/movies/trailer", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                ("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-decoded-content-length", "20000"), ("content-encoding", "aws-chunked"));
            return SendAsync(head + $"Content-Length: {body.Length}\r\n", body).GetAwaiter().GetResult();
        }

        Assert.Equal("BadDigest", Send(Crc32([1])).Code);
        RawAnswer answer = Send(Crc32(data));
        Assert.Equal((200, Crc32(data), "FULL_OBJECT"), (answer.Status, answer.Headers["x-amz-checksum-crc32"], answer.Headers["x-amz-checksum-type"]));
        Assert.Equal(20000, (await S3.GetObjectMetadataAsync(Bucket, "trailer", Cancel)).ContentLength);
    }

    private static string Crc32(byte[] data)
    {
        // Bit by bit, as ISO 3309 has it.
        uint crc = uint.MaxValue;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        byte[] value = BitConverter.GetBytes(~crc);
        Array.Reverse(value);
        return Convert.ToBase64String(value);
    }

    private Task<RawAnswer> SendAsync(string head, byte[]? body = null) => RawHttp.SendAsync(Url, head + "\r\n", body);

    private Task<RawAnswer> OpenAsync(string target) =>
        SendAsync($"GET {target} HTTP/1.1\r\nHost: {Url.Authority}\r\n");

    private async Task<RawAnswer> ChunksAsync(int length, string? trailer, Func<S3Signer, string, byte[]> make)
    {
        S3Signer signer = Signer;
        List<(string, string)> headers = [("x-amz-decoded-content-length", $"{length}"), ("content-encoding", "aws-chunked")];
        if (trailer is not null)
        {
            headers.Add(("x-amz-trailer", "x-amz-checksum-crc32"));
        }

        string head = signer.Head(
            "PUT", "/movies/chunks", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + (trailer is null ? "" : "-TRAILER"), out string seed, [.. headers]);
        byte[] body = make(signer, seed);
        return await SendAsync(head + $"Content-Length: {body.Length}\r\n", body);
    }
}
