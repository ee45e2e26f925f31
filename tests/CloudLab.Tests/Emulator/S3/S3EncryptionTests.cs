using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Encryption at rest by what is said of it, and data that cannot be had without its key.</summary>
[Trait("Area", "Emulator")]
public sealed class S3EncryptionTests : S3Tests
{
    private const string Prefix = "x-amz-server-side-encryption";
    private static readonly byte[] Key = SHA256.HashData("key"u8);

    [Fact]
    public async Task What_is_asked_for_is_answered_and_the_rest_is_the_buckets()
    {
        Assert.Equal(ServerSideEncryptionMethod.AES256, (await PutAsync("plain")).ServerSideEncryptionMethod);
        PutObjectResponse kms = await S3.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = Bucket, Key = "kms", ContentBody = "hello", ServerSideEncryptionMethod = ServerSideEncryptionMethod.AWSKMS,
                ServerSideEncryptionKeyManagementServiceKeyId = "films",
            },
            Cancel);
        Assert.Equal(("aws:kms", "films"), (kms.ServerSideEncryptionMethod.Value, kms.ServerSideEncryptionKeyManagementServiceKeyId));
        Assert.NotEqual("\"5d41402abc4b2a76b9719d911017c592\"", kms.ETag);
        Assert.Equal("hello", await GetAsync("kms"));
        Assert.Equal("films", (await S3.GetObjectMetadataAsync(Bucket, "kms", Cancel)).ServerSideEncryptionKeyManagementServiceKeyId);

        await S3.PutBucketEncryptionAsync(
            new PutBucketEncryptionRequest
            {
                BucketName = Bucket,
                ServerSideEncryptionConfiguration = new ServerSideEncryptionConfiguration
                {
                    ServerSideEncryptionRules =
                    [
                        new ServerSideEncryptionRule
                        {
                            ServerSideEncryptionByDefault = new ServerSideEncryptionByDefault { ServerSideEncryptionAlgorithm = ServerSideEncryptionMethod.AWSKMS },
                            BucketKeyEnabled = true,
                        },
                    ],
                },
            },
            Cancel);
        PutObjectResponse byDefault = await PutAsync("default");
        Assert.Equal(("aws:kms", true), (byDefault.ServerSideEncryptionMethod.Value, byDefault.BucketKeyEnabled));
        Assert.StartsWith("arn:aws:kms:us-east-1:123456789012:key/", byDefault.ServerSideEncryptionKeyManagementServiceKeyId, StringComparison.Ordinal);
        CopyObjectResponse copy = await S3.CopyObjectAsync(Bucket, "plain", Bucket, "copy", Cancel);
        Assert.Equal("aws:kms", copy.ServerSideEncryptionMethod.Value);

        // The entity tag of what S3 has no key for is no MD5; a copy that is decrypted has one again.
        await S3.CopyObjectAsync(
            new CopyObjectRequest { SourceBucket = Bucket, SourceKey = "default", DestinationBucket = Bucket, DestinationKey = "back", ServerSideEncryptionMethod = ServerSideEncryptionMethod.AES256 }, Cancel);
        Assert.Equal("\"5d41402abc4b2a76b9719d911017c592\"", (await S3.GetObjectMetadataAsync(Bucket, "back", Cancel)).ETag);
    }

    [Fact]
    public async Task A_customers_key_is_needed_to_read()
    {
        RawAnswer put = await SendAsync("PUT", "/movies/x", "secret", KeyHeaders(Key));
        Assert.Equal((200, "AES256"), (put.Status, put.Headers[Prefix + "-customer-algorithm"]));
        Assert.DoesNotContain(Prefix, put.Headers.Keys);
        Assert.NotEqual("\"5ebe2294ecd0e0f08eab7690d2a6ee69\"", put.Headers["ETag"]);
        foreach (string method in new[] { "GET", "HEAD" })
        {
            Assert.Equal(200, (await SendAsync(method, "/movies/x", "", KeyHeaders(Key))).Status);
            RawAnswer without = await SendAsync(method, "/movies/x"), wrong = await SendAsync(method, "/movies/x", "", KeyHeaders(SHA256.HashData("other"u8)));
            Assert.Equal((400, 403), (without.Status, wrong.Status));
            Assert.DoesNotContain("secret", without.Text + wrong.Text, StringComparison.Ordinal);
            Assert.Equal(method == "GET" ? ("InvalidRequest", "AccessDenied") : ("", ""), (without.Code, wrong.Code));
        }

        Assert.Equal("secret", (await SendAsync("GET", "/movies/x", "", KeyHeaders(Key))).Text);
        await PutAsync("plain");
        Assert.Equal((400, "InvalidRequest"), await StatusAsync("GET", "/movies/plain", KeyHeaders(Key)));
    }

    [Fact]
    public async Task A_copy_needs_the_sources_key_and_may_have_another()
    {
        await SendAsync("PUT", "/movies/x", "secret", KeyHeaders(Key));
        byte[] other = SHA256.HashData("other"u8);
        (string, string) source = ("x-amz-copy-source", "/movies/x");
        Assert.Equal((400, "InvalidRequest"), await StatusAsync("PUT", "/movies/y", source));
        Assert.Equal((403, "AccessDenied"), await StatusAsync("PUT", "/movies/y", [source, .. KeyHeaders(other, "x-amz-copy-source-server-side-encryption")]));
        Assert.Equal((200, ""), await StatusAsync(
            "PUT", "/movies/y", [source, .. KeyHeaders(Key, "x-amz-copy-source-server-side-encryption"), .. KeyHeaders(other)]));
        Assert.Equal("secret", (await SendAsync("GET", "/movies/y", "", KeyHeaders(other))).Text);
        Assert.Equal((200, ""), await StatusAsync("PUT", "/movies/z", [source, .. KeyHeaders(Key, "x-amz-copy-source-server-side-encryption")]));
        Assert.Equal("secret", await GetAsync("z"));
    }

    [Fact]
    public async Task Parts_need_the_key_that_the_upload_began_with()
    {
        RawAnswer created = await SendAsync("POST", "/movies/x?uploads", "", KeyHeaders(Key));
        string part = $"/movies/x?partNumber=1&uploadId={created.Element("UploadId")}";
        Assert.Equal("InvalidRequest", (await SendAsync("PUT", part, "secret")).Code);
        Assert.Equal("InvalidRequest", (await SendAsync("PUT", part, "secret", KeyHeaders(SHA256.HashData("other"u8)))).Code);
        RawAnswer put = await SendAsync("PUT", part, "secret", KeyHeaders(Key));
        Assert.Equal(200, put.Status);
        string list = $"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{put.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>";
        Assert.Equal(200, (await SendAsync("POST", $"/movies/x?uploadId={created.Element("UploadId")}", list)).Status);
        Assert.Equal(400, (await SendAsync("GET", "/movies/x")).Status);
        Assert.Equal("secret", (await SendAsync("GET", "/movies/x", "", KeyHeaders(Key))).Text);
    }

    [Theory]
    [InlineData("customer-algorithm", "AES128", "InvalidEncryptionAlgorithmError")]
    [InlineData("customer-algorithm", null, "InvalidArgument")]
    [InlineData("customer-key", "c2hvcnQ=", "InvalidArgument")]
    [InlineData("customer-key", null, "InvalidArgument")]
    [InlineData("customer-key-MD5", "AAAAAAAAAAAAAAAAAAAAAA==", "InvalidArgument")]
    [InlineData("customer-key-MD5", null, "InvalidArgument")]
    public async Task Half_a_key_is_none(string name, string? value, string code)
    {
        (string Name, string Value)[] headers = [.. KeyHeaders(Key).Where(header => header.Name != Prefix + "-" + name)];
        Assert.Equal((400, code), await StatusAsync("PUT", "/movies/x", value is null ? headers : [.. headers, (Prefix + "-" + name, value)]));
    }

    [Theory]
    [InlineData("ROT13", null)]
    [InlineData("AES256", "key")]
    [InlineData(null, "key")]
    public async Task Words_that_do_not_go_together_are_refused(string? algorithm, string? kmsKey)
    {
        List<(string, string)> headers = [];
        if (algorithm is not null)
        {
            headers.Add((Prefix, algorithm));
        }

        if (kmsKey is not null)
        {
            headers.Add((Prefix + "-aws-kms-key-id", kmsKey));
        }

        Assert.Equal((400, "InvalidArgument"), await StatusAsync("PUT", "/movies/x", [.. headers]));
        Assert.Equal((400, "InvalidArgument"), await StatusAsync("PUT", "/movies/x", [.. KeyHeaders(Key), (Prefix, "AES256")]));
    }

    private static (string Name, string Value)[] KeyHeaders(byte[] key, string prefix = Prefix) =>
    [
        (prefix + "-customer-algorithm", "AES256"), (prefix + "-customer-key", Convert.ToBase64String(key)),
        (prefix + "-customer-key-MD5", Convert.ToBase64String(MD5.HashData(key))),
    ];

    private async Task<(int Status, string Code)> StatusAsync(string method, string target, params (string Name, string Value)[] headers)
    {
        RawAnswer answer = await SendAsync(method, target, "", headers);
        return (answer.Status, answer.Code);
    }

    private Task<RawAnswer> SendAsync(string method, string target, string body = "", params (string Name, string Value)[] headers)
    {
        byte[] data = System.Text.Encoding.UTF8.GetBytes(body);
        return RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head(method, target, S3Signer.Hash(data), headers) + $"Content-Length: {data.Length}\r\n\r\n", data);
    }
}
