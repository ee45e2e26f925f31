using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Buckets and their settings.</summary>
[Trait("Area", "Emulator")]
public sealed class S3BucketTests : S3Tests
{
    [Fact]
    public async Task A_bucket_is_made_listed_and_removed()
    {
        await S3.PutBucketAsync("second.bucket-1", Cancel);
        Assert.Equal([Bucket, "second.bucket-1"], (await S3.ListBucketsAsync(Cancel)).Buckets.Select(bucket => bucket.BucketName));
        HeadBucketResponse head = await S3.HeadBucketAsync(new HeadBucketRequest { BucketName = Bucket }, Cancel);
        Assert.Equal(Emulator.Info.Region, head.BucketRegion);
        await S3.DeleteBucketAsync("second.bucket-1", Cancel);
        Assert.Single((await S3.ListBucketsAsync(Cancel)).Buckets);
        await FailsAsync("NoSuchBucket", () => S3.DeleteBucketAsync("second.bucket-1", Cancel));
        await FailsAsync("NoSuchBucket", () => S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "second.bucket-1" }, Cancel));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        AmazonS3Exception mine = await FailsAsync("BucketAlreadyOwnedByYou", () => S3.PutBucketAsync(Bucket, Cancel));
        Assert.Equal(HttpStatusCode.Conflict, mine.StatusCode);
        await FailsAsync("BucketAlreadyExists", () => S3.PutBucketAsync("taken-by-another-account", Cancel));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("UPPER")]
    [InlineData("under_score")]
    [InlineData("two..dots")]
    [InlineData("-dash")]
    [InlineData("dash-")]
    [InlineData("192.168.5.4")]
    [InlineData("xn--name")]
    [InlineData("name-s3alias")]
    [InlineData("a123456789012345678901234567890123456789012345678901234567890123")]
    public async Task A_bad_name_is_refused(string name)
    {
        RawAnswer answer = await RawHttp.SendAsync(
            Emulator.Info.EndpointUrl, Signer.Head("PUT", "/" + name, S3Signer.Hash([])) + "Content-Length: 0\r\n\r\n");
        Assert.Equal((400, "InvalidBucketName"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task A_bucket_with_something_in_it_stays()
    {
        await PutAsync("x");
        AmazonS3Exception problem = await FailsAsync("BucketNotEmpty", () => S3.DeleteBucketAsync(Bucket, Cancel));
        Assert.Equal(HttpStatusCode.Conflict, problem.StatusCode);
        Assert.Equal("hello", await GetAsync("x"));
    }

    [Fact]
    public async Task Settings_are_kept()
    {
        await S3.PutBucketVersioningAsync(
            new PutBucketVersioningRequest { BucketName = Bucket, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } }, Cancel);
        Assert.Equal(VersionStatus.Enabled, (await S3.GetBucketVersioningAsync(Bucket, Cancel)).VersioningConfig.Status);
        await FailsAsync("NoSuchTagSet", () => S3.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = Bucket }, Cancel));
        await S3.PutBucketTaggingAsync(Bucket, [new Tag { Key = "team", Value = "films" }], Cancel);
        Assert.Equal("films", Assert.Single((await S3.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = Bucket }, Cancel)).TagSet).Value);
        RawAnswer policy = await RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head("GET", "/movies?policy", S3Signer.Hash([])) + "\r\n");
        Assert.Equal((404, "NoSuchBucketPolicy"), (policy.Status, policy.Code));
        await FailsAsync("MalformedPolicy", () => S3.PutBucketPolicyAsync(Bucket, "{}", Cancel));
        Assert.Equal("us-east-1", (await S3.GetBucketLocationAsync(Bucket, Cancel)).Location.Value is { Length: > 0 } region ? region : "us-east-1");
    }

    [Fact]
    public async Task What_is_not_there_is_said_not_to_be_there()
    {
        foreach ((string method, string target) in new[] { ("GET", "/movies?inventory"), ("POST", "/movies/x?select"), ("GET", "/movies/x?torrent") })
        {
            RawAnswer answer = await RawHttp.SendAsync(
                Emulator.Info.EndpointUrl, Signer.Head(method, target, S3Signer.Hash([])) + "Content-Length: 0\r\n\r\n");
            Assert.Equal((501, "NotImplemented"), (answer.Status, answer.Code));
        }

        RawAnswer options = await RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head("PATCH", "/movies/x", S3Signer.Hash([])) + "\r\n");
        Assert.Equal((405, "MethodNotAllowed"), (options.Status, options.Code));
    }

    [Fact]
    public async Task A_document_that_is_no_xml_or_tries_tricks_is_refused()
    {
        foreach (string text in new[] { "<Delete>", "nothing", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&e;</Key></Object></Delete>", "<Tagging/>" })
        {
            byte[] body = System.Text.Encoding.UTF8.GetBytes(text);
            string md5 = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(body));
            RawAnswer answer = await RawHttp.SendAsync(
                Emulator.Info.EndpointUrl,
                Signer.Head("POST", "/movies?delete", S3Signer.Hash(body), ("content-md5", md5)) + $"Content-Length: {body.Length}\r\n\r\n", body);
            Assert.Equal((400, "MalformedXML"), (answer.Status, answer.Code));
        }
    }

    [Fact]
    public async Task The_bucket_may_stand_in_the_host_name()
    {
        await PutAsync("a/b");
        int port = Emulator.Info.EndpointUrl.Port;
        foreach (string host in new[] { "movies.localhost", "movies.s3.localhost" })
        {
            string target = Signer.Presign("GET", "/a/b", 60, host: $"{host}:{port}");
            RawAnswer answer = await RawHttp.SendAsync(Emulator.Info.EndpointUrl, $"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
            Assert.Equal((200, "hello"), (answer.Status, answer.Text));
        }
    }

    [Fact]
    public async Task A_page_of_nothing_is_empty()
    {
        string id = (await S3.InitiateMultipartUploadAsync(Bucket, "x", Cancel)).UploadId;
        await S3.UploadPartAsync(new UploadPartRequest { BucketName = Bucket, Key = "x", UploadId = id, PartNumber = 1, InputStream = new MemoryStream([1]) }, Cancel);
        foreach (string target in new[] { $"/movies/x?max-parts=0&uploadId={id}", "/movies?max-uploads=0&uploads", "/movies?list-type=2&max-keys=0" })
        {
            RawAnswer answer = await RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head("GET", target, S3Signer.Hash([])) + "\r\n");
            Assert.Equal((200, "false"), (answer.Status, answer.Element("IsTruncated")));
        }
    }
}
