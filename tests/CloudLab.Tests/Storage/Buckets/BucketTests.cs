using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;
using Xunit;

namespace CloudLab.Tests.Storage.Buckets;

[Trait("Area", "Storage")]
public sealed class BucketsOnEmulatorTests() : BucketTests(StorageServer.Emulator);

[Trait("Area", "Storage")]
[Trait("Server", "s3")]
public sealed class BucketsOnCephTests() : BucketTests(StorageServer.Ceph);

public abstract class BucketTests(StorageServer server) : StorageTest(server)
{
    [Fact]
    public async Task A_bucket_is_found_and_listed()
    {
        LabBucket found = await Buckets.GetAsync(Bucket, Token);
        Assert.Equal(Bucket, found.Bucket);
        Assert.NotNull(found.CreationDate);
        List<string> names = [];
        await foreach (LabBucket bucket in Buckets.ListAsync(null, Token))
        {
            names.Add(bucket.Bucket);
        }

        Assert.Contains(Bucket, names);
        Assert.Null(await Buckets.FindAsync(Bucket + "x", Token));
        Assert.Equal("NoSuchBucket", (await Assert.ThrowsAsync<LabException>(() => Buckets.GetAsync(Bucket + "x", Token))).Code);
    }

    [Fact]
    public async Task A_bucket_with_something_in_it_stays_unless_emptied()
    {
        string name = Bucket + "-b";
        await Buckets.CreateAsync(name, null, Token);
        await Client.CallSdkAsync(
            name, "k", s3 => s3.PutObjectAsync(new PutObjectRequest { BucketName = name, Key = "k", ContentBody = "x" }, Token), Token);
        await Client.CallSdkAsync(
            name, "u", s3 => s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = name, Key = "u" }, Token), Token);
        Assert.Equal("BucketNotEmpty", (await Assert.ThrowsAsync<LabException>(() => Buckets.RemoveAsync(name, false, Token))).Code);
        Assert.Empty(await Buckets.RemoveAsync(name, true, Token));
        Assert.Null(await Buckets.FindAsync(name, Token));
        Assert.Equal("NoSuchBucket", (await Assert.ThrowsAsync<LabException>(() => Buckets.RemoveAsync(name, false, Token))).Code);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("Movies")]
    [InlineData("mov_ies")]
    [InlineData("-movies")]
    [InlineData("movies-")]
    [InlineData("mo..vies")]
    [InlineData("192.168.5.4")]
    [InlineData("xn--movies")]
    [InlineData("sthree-movies")]
    [InlineData("movies-s3alias")]
    [InlineData("movies--x-s3")]
    [InlineData("movies/data")]
    [InlineData("mov ies")]
    [InlineData("s3://movies")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_that_breaks_the_rules_is_refused_before_anything_is_sent(string name)
    {
        LabException e = await Assert.ThrowsAsync<LabException>(() => Buckets.CreateAsync(name, null, Token));
        Assert.Equal("InvalidBucketName", e.Code);
        Assert.Null(e.StatusCode);
        Assert.False(e.StopsCommand);
    }

    [Theory]
    [InlineData("My_Old.Bucket")]
    [InlineData("arn:aws:s3:eu-central-1:123456789012:accesspoint/movies")]
    public void A_name_that_only_exists_elsewhere_is_let_through(string name) => Assert.Equal(name, BucketName.Validate(name));
}
