using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Storage classes, and archived objects that have to be restored first.</summary>
[Trait("Area", "Emulator")]
public sealed class S3ArchiveTests : S3Tests
{
    [Fact]
    public async Task What_is_archived_is_read_after_a_restore()
    {
        await ArchiveAsync("x", S3StorageClass.Glacier);
        AmazonS3Exception refused = await FailsAsync("InvalidObjectState", () => S3.GetObjectAsync(Bucket, "x", Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await FailsAsync("ObjectNotInActiveTierError", () => S3.CopyObjectAsync(Bucket, "x", Bucket, "y", Cancel));
        Assert.Equal(S3StorageClass.Glacier, (await S3.GetObjectMetadataAsync(Bucket, "x", Cancel)).StorageClass);

        Assert.Equal(HttpStatusCode.Accepted, (await RestoreAsync("x", GlacierJobTier.Expedited)).HttpStatusCode);
        Assert.Equal("hello", await GetAsync("x"));
        GetObjectMetadataResponse head = await S3.GetObjectMetadataAsync(Bucket, "x", Cancel);
        Assert.False(head.RestoreInProgress);
        Assert.InRange(head.RestoreExpiration!.Value.ToUniversalTime(), DateTime.UtcNow.AddDays(2), DateTime.UtcNow.AddDays(3));
        Assert.Equal(HttpStatusCode.OK, (await RestoreAsync("x", GlacierJobTier.Expedited)).HttpStatusCode);

        // A copy is an object of its own, out of the archive.
        await S3.CopyObjectAsync(Bucket, "x", Bucket, "y", Cancel);
        Assert.Equal("hello", await GetAsync("y"));
        Assert.Equal("STANDARD", Assert.Single((await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = "y" }, Cancel)).S3Objects).StorageClass.Value);
    }

    [Fact]
    public async Task A_restore_takes_its_time_and_is_asked_for_once()
    {
        await ArchiveAsync("x", S3StorageClass.DeepArchive);
        await FailsAsync("InvalidArgument", () => RestoreAsync("x", GlacierJobTier.Expedited));
        await RestoreAsync("x", GlacierJobTier.Bulk);
        AmazonS3Exception twice = await FailsAsync("RestoreAlreadyInProgress", () => RestoreAsync("x", GlacierJobTier.Bulk));
        Assert.Equal(HttpStatusCode.Conflict, twice.StatusCode);
        Assert.True((await S3.GetObjectMetadataAsync(Bucket, "x", Cancel)).RestoreInProgress);
        while ((await S3.GetObjectMetadataAsync(Bucket, "x", Cancel)).RestoreInProgress == true)
        {
            await Task.Delay(100, Cancel);
        }

        Assert.Equal("hello", await GetAsync("x"));
        ListObjectsV2Response list = await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, OptionalObjectAttributes = ["RestoreStatus"] }, Cancel);
        Assert.False(Assert.Single(list.S3Objects).RestoreStatus.IsRestoreInProgress);
    }

    [Fact]
    public async Task Nothing_else_can_be_restored()
    {
        await PutAsync("x");
        await FailsAsync("InvalidObjectState", () => RestoreAsync("x", GlacierJobTier.Standard));
        await FailsAsync("NoSuchKey", () => RestoreAsync("none", GlacierJobTier.Standard));
        await FailsAsync("InvalidStorageClass", () => ArchiveAsync("y", new S3StorageClass("ICE")));
    }

    private Task ArchiveAsync(string key, S3StorageClass storageClass) => S3.PutObjectAsync(
        new PutObjectRequest { BucketName = Bucket, Key = key, ContentBody = "hello", StorageClass = storageClass }, Cancel);

    private Task<RestoreObjectResponse> RestoreAsync(string key, GlacierJobTier tier) => S3.RestoreObjectAsync(
        new RestoreObjectRequest { BucketName = Bucket, Key = key, Days = 2, RetrievalTier = tier }, Cancel);
}
