using System.Net;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Objects: what is put is what is got, with conditions, ranges, checksums, copies and any key.</summary>
[Trait("Area", "Emulator")]
public sealed class S3ObjectTests : S3Tests
{
    private static readonly string Empty = S3Signer.Hash([]);

    [Theory]
    [InlineData("a//b")]
    [InlineData("/leading")]
    [InlineData("a/./b")]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("%2F%25")]
    [InlineData("a+b c")]
    [InlineData("trailing ")]
    [InlineData("line\nbreak\ttab")]
    [InlineData("\u0001control\u007f")]
    [InlineData("emoji 🎬/映画/ü")]
    [InlineData("?query=1&x#y")]
    [InlineData("*'\"<>&;:@=,$!()[]{}|\\^`~")]
    public async Task Any_key_is_a_name_and_nothing_else(string key)
    {
        string target = "/movies/" + Encode(key);
        RawAnswer put = await SendAsync(Signer.Head("PUT", target, S3Signer.Hash("data"u8.ToArray())) + "Content-Length: 4\r\n", "data"u8.ToArray());
        Assert.Equal(200, put.Status);
        Assert.Equal("data", (await SendAsync(Signer.Head("GET", target, Empty))).Text);
        RawAnswer list = await SendAsync(Signer.Head("GET", "/movies?encoding-type=url&list-type=2", Empty));
        Assert.Equal(Encode(key), list.Element("Key"));
        RawAnswer other = await SendAsync(Signer.Head("GET", target + "x", Empty));
        Assert.Equal((404, "NoSuchKey"), (other.Status, other.Code));
        Assert.Equal(204, (await SendAsync(Signer.Head("DELETE", target, Empty))).Status);
        Assert.Equal("0", (await SendAsync(Signer.Head("GET", "/movies?list-type=2", Empty))).Element("KeyCount"));
    }

    [Fact]
    public async Task A_key_may_have_1024_bytes_and_not_one_more()
    {
        string longest = new string('ü', 511) + "ab";
        await PutAsync(longest);
        Assert.Equal("hello", await GetAsync(longest));
        AmazonS3Exception problem = await FailsAsync("KeyTooLongError", () => PutAsync(longest + "c"));
        Assert.Equal(HttpStatusCode.BadRequest, problem.StatusCode);
        Assert.Equal("InvalidURI", (await SendAsync(Signer.Head("GET", "/movies/%FF%FE", Empty))).Code);
    }

    [Fact]
    public async Task What_is_said_of_an_object_comes_back()
    {
        PutObjectRequest request = new()
        {
            BucketName = Bucket, Key = "x", ContentBody = "hello", ContentType = "text/plain; charset=utf-8",
            TagSet = [new Tag { Key = "team", Value = "a b&c" }], StorageClass = S3StorageClass.StandardInfrequentAccess,
        };
        request.Headers.CacheControl = "max-age=5";
        request.Headers.ContentDisposition = "attachment; filename=\"x\"";
        request.Headers.ContentEncoding = "gzip";
        request.Metadata["title"] = "Metropolis  1927";
        await S3.PutObjectAsync(request, Cancel);

        using GetObjectResponse got = await S3.GetObjectAsync(Bucket, "x", Cancel);
        Assert.Equal("text/plain; charset=utf-8", got.Headers.ContentType);
        Assert.Equal(("max-age=5", "attachment; filename=\"x\"", "gzip"), (got.Headers.CacheControl, got.Headers.ContentDisposition, got.Headers.ContentEncoding));
        Assert.Equal("Metropolis  1927", got.Metadata["title"]);
        Assert.Equal(1, got.TagCount);
        Assert.Equal("\"5d41402abc4b2a76b9719d911017c592\"", got.ETag);
        Assert.InRange(got.LastModified!.Value.ToUniversalTime(), DateTime.UtcNow.AddMinutes(-1), DateTime.UtcNow.AddSeconds(1));
        Assert.Equal(S3StorageClass.StandardInfrequentAccess, got.StorageClass);
        Tag tag = Assert.Single((await S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = Bucket, Key = "x" }, Cancel)).Tagging);
        Assert.Equal("a b&c", tag.Value);

        await S3.PutObjectTaggingAsync(new PutObjectTaggingRequest { BucketName = Bucket, Key = "x", Tagging = new Tagging { TagSet = [] } }, Cancel);
        Assert.Empty((await S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = Bucket, Key = "x" }, Cancel)).Tagging ?? []);
    }

    [Theory]
    [InlineData("bytes=0-0", 206, "0", "bytes 0-0/10")]
    [InlineData("bytes=3-", 206, "3456789", "bytes 3-9/10")]
    [InlineData("bytes=-4", 206, "6789", "bytes 6-9/10")]
    [InlineData("bytes=-40", 206, "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=8-100", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=5-2", 200, "0123456789", null)]
    [InlineData("bytes=0-1,3-4", 200, "0123456789", null)]
    [InlineData("lines=1-2", 200, "0123456789", null)]
    [InlineData("bytes=10-", 416, null, null)]
    [InlineData("bytes=-0", 416, null, null)]
    public async Task Ranges_are_followed(string range, int status, string? text, string? contentRange)
    {
        await PutAsync("r", "0123456789");
        RawAnswer answer = await SendAsync(Signer.Head("GET", "/movies/r", Empty) + $"Range: {range}\r\n");
        Assert.Equal(status, answer.Status);
        Assert.Equal(contentRange, answer.Headers.GetValueOrDefault("Content-Range"));
        if (text is null)
        {
            Assert.Equal(("InvalidRange", "10"), (answer.Code, answer.Element("ActualObjectSize")));
        }
        else
        {
            Assert.Equal(text, answer.Text);
        }
    }

    [Theory]
    [InlineData("If-Match", "\"5d41402abc4b2a76b9719d911017c592\"", 200)]
    [InlineData("If-Match", "\"other\", *", 200)]
    [InlineData("If-Match", "\"other\"", 412)]
    [InlineData("If-None-Match", "5d41402abc4b2a76b9719d911017c592", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"other\"", 200)]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT", 304)]
    [InlineData("If-Modified-Since", "Thu, 01 Jan 1998 00:00:00 GMT", 200)]
    [InlineData("If-Unmodified-Since", "Thu, 01 Jan 1998 00:00:00 GMT", 412)]
    [InlineData("If-Unmodified-Since", "Thu, 01 Jan 2099 00:00:00 GMT", 200)]
    [InlineData("If-Modified-Since", "yesterday", 200)]
    public async Task Conditions_of_a_read_hold(string header, string value, int status)
    {
        await PutAsync("c");
        RawAnswer answer = await SendAsync(Signer.Head("GET", "/movies/c", Empty) + $"{header}: {value}\r\n");
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 412 ? "PreconditionFailed" : "", answer.Code);
        Assert.Equal(status == 412 ? header : "", answer.Element("Condition"));
    }

    [Fact]
    public async Task If_match_outweighs_the_dates()
    {
        await PutAsync("c");
        string head = Signer.Head("GET", "/movies/c", Empty);
        Assert.Equal(200, (await SendAsync(head + "If-Match: *\r\nIf-Unmodified-Since: Thu, 01 Jan 1998 00:00:00 GMT\r\n")).Status);
        Assert.Equal(200, (await SendAsync(head + "If-None-Match: x\r\nIf-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT\r\n")).Status);
    }

    [Fact]
    public async Task A_conditional_put_wins_once()
    {
        Task<PutObjectResponse> Put(string text) =>
            S3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "lock", ContentBody = text, IfNoneMatch = "*" }, Cancel);

        Task[] contenders = [.. Enumerable.Range(0, 20).Select(i => Put($"{i}"))];
        await Task.WhenAll(contenders).ContinueWith(_ => { }, TaskScheduler.Default);
        int winner = Array.FindIndex(contenders, task => task.IsCompletedSuccessfully);
        Assert.Equal(1, contenders.Count(task => task.IsCompletedSuccessfully));
        Assert.Equal($"{winner}", await GetAsync("lock"));

        AmazonS3Exception problem = await FailsAsync("PreconditionFailed", () => Put("late"));
        Assert.Equal(HttpStatusCode.PreconditionFailed, problem.StatusCode);
        await FailsAsync("PreconditionFailed", () => S3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "lock", IfMatch = "\"x\"" }, Cancel));
        await FailsAsync("NoSuchKey", () => S3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "none", IfMatch = "\"x\"" }, Cancel));
    }

    [Theory]
    [InlineData("Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww==", 200, "")]
    [InlineData("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==", 400, "BadDigest")]
    [InlineData("Content-MD5", "short", 400, "InvalidDigest")]
    [InlineData("x-amz-checksum-crc32", "DUoRhQ==", 200, "")]
    [InlineData("x-amz-checksum-crc32", "AAAAAA==", 400, "BadDigest")]
    [InlineData("x-amz-checksum-crc32", "!", 400, "InvalidRequest")]
    [InlineData("x-amz-checksum-crc32c", "yZRlqg==", 200, "")]
    [InlineData("x-amz-checksum-crc64nvme", "jSnVw/bqjr4=", 200, "")]
    [InlineData("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", 400, "BadDigest")]
    [InlineData("x-amz-checksum-sha1", "Kq5sNclPz7QV2+lfQIuc6R7oRu0=", 200, "")]
    [InlineData("x-amz-checksum-sha256", "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=", 200, "")]
    [InlineData("x-amz-checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 400, "BadDigest")]
    public async Task Checksums_are_verified_and_kept(string header, string value, int status, string code)
    {
        byte[] data = "hello world"u8.ToArray();
        RawAnswer put = await SendAsync(Signer.Head("PUT", "/movies/sum", S3Signer.Hash(data), (header, value)) + "Content-Length: 11\r\n", data);
        Assert.Equal((status, code), (put.Status, put.Code));
        RawAnswer head = await SendAsync(Signer.Head("HEAD", "/movies/sum", Empty, ("x-amz-checksum-mode", "ENABLED")));
        Assert.Equal(status == 200 ? 200 : 404, head.Status);
        if (status == 200 && header.StartsWith("x-amz", StringComparison.Ordinal))
        {
            Assert.Equal(value, put.Headers[header]);
            Assert.Equal(value, head.Headers[header]);
            Assert.DoesNotContain(header, (await SendAsync(Signer.Head("HEAD", "/movies/sum", Empty))).Headers.Keys);
        }
    }

    [Fact]
    public async Task Two_checksums_are_one_too_many()
    {
        RawAnswer answer = await SendAsync(
            Signer.Head("PUT", "/movies/sum", Empty, ("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")) + "Content-Length: 0\r\n");
        Assert.Equal("InvalidRequest", answer.Code);
    }

    [Fact]
    public async Task Amazons_client_verifies_what_it_gets()
    {
        foreach (ChecksumAlgorithm algorithm in new[] { ChecksumAlgorithm.CRC32, ChecksumAlgorithm.SHA1, ChecksumAlgorithm.SHA256 })
        {
            await S3.PutObjectAsync(
                new PutObjectRequest { BucketName = Bucket, Key = "v", InputStream = new MemoryStream(Bytes(300_000)), ChecksumAlgorithm = algorithm }, Cancel);
            using GetObjectResponse got = await S3.GetObjectAsync(
                new GetObjectRequest { BucketName = Bucket, Key = "v", ChecksumMode = ChecksumMode.ENABLED }, Cancel);
            MemoryStream data = new();
            await got.ResponseStream.CopyToAsync(data, Cancel);
            Assert.Equal(Bytes(300_000), data.ToArray());
            Assert.Equal(ChecksumType.FULL_OBJECT, got.ChecksumType);
        }
    }

    [Fact]
    public async Task A_copy_takes_the_metadata_along_or_not()
    {
        PutObjectRequest put = new() { BucketName = Bucket, Key = "from/ü +", ContentBody = "hello", ContentType = "text/x" };
        put.Metadata["a"] = "1";
        await S3.PutObjectAsync(put, Cancel);
        CopyObjectRequest Copy() => new() { SourceBucket = Bucket, SourceKey = "from/ü +", DestinationBucket = Bucket, DestinationKey = "to" };

        await S3.CopyObjectAsync(Copy(), Cancel);
        GetObjectMetadataResponse copied = await S3.GetObjectMetadataAsync(Bucket, "to", Cancel);
        Assert.Equal(("1", "text/x"), (copied.Metadata["a"], copied.Headers.ContentType));

        CopyObjectRequest replace = Copy();
        replace.MetadataDirective = S3MetadataDirective.REPLACE;
        replace.Metadata["b"] = "2";
        await S3.CopyObjectAsync(replace, Cancel);
        copied = await S3.GetObjectMetadataAsync(Bucket, "to", Cancel);
        Assert.Equal((null, "2"), (copied.Metadata["a"], copied.Metadata["b"]));
        Assert.Equal("hello", await GetAsync("to"));

        CopyObjectRequest conditional = Copy();
        conditional.ETagToNotMatch = copied.ETag;
        await FailsAsync("PreconditionFailed", () => S3.CopyObjectAsync(conditional, Cancel));
        CopyObjectRequest itself = Copy();
        itself.DestinationKey = itself.SourceKey;
        await FailsAsync("InvalidRequest", () => S3.CopyObjectAsync(itself, Cancel));
        CopyObjectRequest missing = Copy();
        missing.SourceKey = "none";
        await FailsAsync("NoSuchKey", () => S3.CopyObjectAsync(missing, Cancel));
    }

    [Fact]
    public async Task A_copy_takes_the_tags_along_or_not_and_keeps_nothing_else()
    {
        await S3.PutObjectAsync(
            new PutObjectRequest { BucketName = Bucket, Key = "from", ContentBody = "hello", TagSet = [new Tag { Key = "a", Value = "1" }], StorageClass = S3StorageClass.StandardInfrequentAccess }, Cancel);
        await S3.CopyObjectAsync(Bucket, "from", Bucket, "to", Cancel);
        Assert.Equal("a", Assert.Single(await TagsAsync("to")).Key);
        Assert.Null((await S3.GetObjectMetadataAsync(Bucket, "to", Cancel)).StorageClass);
        RawAnswer replaced = await SendAsync(
            Signer.Head("PUT", "/movies/to", Empty, ("x-amz-copy-source", "movies/from"), ("x-amz-tagging-directive", "REPLACE"), ("x-amz-tagging", "b=2&c=3")) + "Content-Length: 0\r\n");
        Assert.Equal(200, replaced.Status);
        Assert.Equal(["b", "c"], (await TagsAsync("to")).Select(tag => tag.Key));

        // To itself, an object can be copied only to change something.
        foreach ((string name, string value) in new[] { ("x-amz-storage-class", "STANDARD_IA"), ("x-amz-server-side-encryption", "AES256"), ("x-amz-metadata-directive", "REPLACE"), ("x-amz-website-redirect-location", "/x") })
        {
            RawAnswer changed = await SendAsync(Signer.Head("PUT", "/movies/to", Empty, ("x-amz-copy-source", "movies/to"), (name, value)) + "Content-Length: 0\r\n");
            Assert.Equal(200, changed.Status);
        }

        RawAnswer same = await SendAsync(Signer.Head("PUT", "/movies/to", Empty, ("x-amz-copy-source", "movies/to")) + "Content-Length: 0\r\n");
        Assert.Equal((400, "InvalidRequest"), (same.Status, same.Code));
        Assert.Equal("/x", (await S3.GetObjectMetadataAsync(Bucket, "to", Cancel)).WebsiteRedirectLocation);

        async Task<List<Tag>> TagsAsync(string key) =>
            (await S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = Bucket, Key = key }, Cancel)).Tagging ?? [];
    }

    [Fact]
    public async Task What_comes_without_a_checksum_gets_one()
    {
        byte[] data = "hello world"u8.ToArray();
        RawAnswer put = await SendAsync(Signer.Head("PUT", "/movies/sum", S3Signer.Hash(data)) + "Content-Length: 11\r\n", data);
        Assert.Equal(("jSnVw/bqjr4=", "FULL_OBJECT"), (put.Headers["x-amz-checksum-crc64nvme"], put.Headers["x-amz-checksum-type"]));
        GetObjectMetadataResponse head = await S3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = "sum", ChecksumMode = ChecksumMode.ENABLED }, Cancel);
        Assert.Equal("jSnVw/bqjr4=", head.ChecksumCRC64NVME);
    }

    [Fact]
    public async Task Headers_may_stand_in_a_presigned_url()
    {
        byte[] data = "hello"u8.ToArray();
        string target = Signer.Presign("PUT", "/movies/x", 60, "x-amz-meta-title=M&x-amz-storage-class=STANDARD_IA&x-amz-tagging=a%3D1");
        RawAnswer put = await RawHttp.SendAsync(Emulator.Info.EndpointUrl, $"PUT {target} HTTP/1.1\r\nHost: {Emulator.Info.EndpointUrl.Authority}\r\nContent-Length: 5\r\n\r\n", data);
        Assert.Equal(200, put.Status);
        RawAnswer head = await SendAsync(Signer.Head("HEAD", "/movies/x", Empty));
        Assert.Equal(("M", "STANDARD_IA", "1"), (head.Headers["x-amz-meta-title"], head.Headers["x-amz-storage-class"], head.Headers["x-amz-tagging-count"]));
    }

    [Fact]
    public async Task Many_are_deleted_at_once_and_each_is_reported()
    {
        string[] keys = ["a", "b\n<&>", "ü "];
        foreach (string key in keys)
        {
            await PutAsync(key);
        }

        DeleteObjectsResponse answer = await S3.DeleteObjectsAsync(
            new DeleteObjectsRequest { BucketName = Bucket, Objects = [.. keys.Append("never").Select(key => new KeyVersion { Key = key })] }, Cancel);
        Assert.Equal([.. keys, "never"], answer.DeletedObjects.Select(item => item.Key));
        await PutAsync("q");
        answer = await S3.DeleteObjectsAsync(
            new DeleteObjectsRequest { BucketName = Bucket, Quiet = true, Objects = [new KeyVersion { Key = "q" }] }, Cancel);
        Assert.Empty(answer.DeletedObjects ?? []);
        Assert.Empty((await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket }, Cancel)).S3Objects ?? []);

        byte[] body = "<Delete><Object><Key>a</Key></Object></Delete>"u8.ToArray();
        RawAnswer unchecked_ = await SendAsync(Signer.Head("POST", "/movies?delete", S3Signer.Hash(body)) + $"Content-Length: {body.Length}\r\n", body);
        Assert.Equal("InvalidRequest", unchecked_.Code);
    }

    [Fact]
    public async Task A_missing_object_is_said_to_be_missing()
    {
        AmazonS3Exception problem = await FailsAsync("NoSuchKey", () => S3.GetObjectAsync(Bucket, "none", Cancel));
        Assert.Equal(HttpStatusCode.NotFound, problem.StatusCode);
        Assert.NotEmpty(problem.RequestId);
        RawAnswer head = await SendAsync(Signer.Head("HEAD", "/movies/none", Empty));
        Assert.Equal((404, 0), (head.Status, head.Body.Length));
        await S3.DeleteObjectAsync(Bucket, "none", Cancel);
    }

    [Fact]
    public async Task An_upload_that_breaks_off_leaves_the_old_object()
    {
        await PutAsync("x", "old");
        await using (RawHttp raw = await RawHttp.ConnectAsync(Emulator.Info.EndpointUrl))
        {
            await raw.WriteAsync(Signer.Head("PUT", "/movies/x", "UNSIGNED-PAYLOAD") + "Content-Length: 1000000\r\n\r\n");
            await raw.WriteAsync(Bytes(1000));
            raw.Reset();
        }

        Assert.Equal("old", await GetAsync("x"));
    }

    [Fact]
    public async Task A_length_is_needed()
    {
        Assert.Equal("MissingContentLength", (await SendAsync(Signer.Head("PUT", "/movies/x", "UNSIGNED-PAYLOAD"))).Code);
        RawAnswer chunked = await SendAsync(
            Signer.Head("PUT", "/movies/x", "UNSIGNED-PAYLOAD") + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"u8.ToArray());
        Assert.Equal((501, "NotImplemented"), (chunked.Status, chunked.Code));
    }

    private static string Encode(string key) => Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal);

    private Task<RawAnswer> SendAsync(string head, byte[]? body = null) => RawHttp.SendAsync(Emulator.Info.EndpointUrl, head + "\r\n", body);
}
