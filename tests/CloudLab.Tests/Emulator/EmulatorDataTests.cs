using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Emulator;
using Xunit;

namespace CloudLab.Tests.Emulator;

/// <summary>What an emulator keeps in a folder, and what it leaves behind.</summary>
[Trait("Area", "Emulator")]
public sealed class EmulatorDataTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-data-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        byte[] data = new byte[3_000_000];
        Random.Shared.NextBytes(data);
        string accessKey, upload, part;
        await using (LabEmulator first = await StartAsync())
        {
            accessKey = first.Info.AccessKey;
            using IAmazonS3 s3 = Client(first);
            await s3.PutBucketAsync("movies", Cancel);
            await s3.PutBucketAsync("gone", Cancel);
            await s3.DeleteBucketAsync("gone", Cancel);
            await s3.PutBucketTaggingAsync("movies", [new Tag { Key = "a", Value = "b" }], Cancel);
            PutObjectRequest put = new() { BucketName = "movies", Key = "../ü \n", InputStream = new MemoryStream(data), ContentType = "x/y" };
            put.Metadata["title"] = "M";
            await s3.PutObjectAsync(put, Cancel);
            await s3.CopyObjectAsync("movies", "../ü \n", "movies", "copy", Cancel);
            await s3.DeleteObjectAsync("movies", "../ü \n", Cancel);
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "twice", ContentBody = "1" }, Cancel);
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "twice", ContentBody = "22" }, Cancel);
            upload = (await s3.InitiateMultipartUploadAsync("movies", "parts", Cancel)).UploadId;
            part = (await s3.UploadPartAsync(
                new UploadPartRequest { BucketName = "movies", Key = "parts", UploadId = upload, PartNumber = 1, InputStream = new MemoryStream([1, 2, 3]) }, Cancel)).ETag;
        }

        await using LabEmulator second = await StartAsync();
        Assert.Equal(accessKey, second.Info.AccessKey);
        using IAmazonS3 again = Client(second);
        Assert.Equal("movies", Assert.Single((await again.ListBucketsAsync(Cancel)).Buckets).BucketName);
        Assert.Single((await again.GetBucketTaggingAsync(new GetBucketTaggingRequest { BucketName = "movies" }, Cancel)).TagSet);
        using (GetObjectResponse got = await again.GetObjectAsync("movies", "copy", Cancel))
        {
            MemoryStream read = new();
            await got.ResponseStream.CopyToAsync(read, Cancel);
            Assert.Equal(data, read.ToArray());
            Assert.Equal(("x/y", "M"), (got.Headers.ContentType, got.Metadata["title"]));
        }

        Assert.Equal(2, (await again.GetObjectMetadataAsync("movies", "twice", Cancel)).ContentLength);
        await again.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest { BucketName = "movies", Key = "parts", UploadId = upload, PartETags = [new PartETag(1, part)] }, Cancel);
        Assert.Equal(3, (await again.ListObjectsV2Async(new ListObjectsV2Request { BucketName = "movies" }, Cancel)).KeyCount);
        Assert.Equal(3, Blobs().Length);
    }

    [Fact]
    public async Task Versions_settings_and_locks_are_there_after_a_restart()
    {
        List<string?> versions;
        string locked;
        await using (LabEmulator first = await StartAsync())
        {
            using IAmazonS3 s3 = Client(first);
            await s3.PutBucketAsync(new PutBucketRequest { BucketName = "locked", ObjectLockEnabledForBucket = true }, Cancel);
            locked = (await s3.PutObjectAsync(
                new PutObjectRequest { BucketName = "locked", Key = "x", ContentBody = "1", ObjectLockLegalHoldStatus = ObjectLockLegalHoldStatus.On }, Cancel)).VersionId;
            await s3.PutBucketAsync("movies", Cancel);
            await PutAsync(s3, "null");
            await s3.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = "movies", VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } }, Cancel);
            for (int i = 0; i < 3; i++)
            {
                await PutAsync(s3, $"{i}");
            }

            await s3.DeleteObjectAsync("movies", "k", Cancel);
            versions = await VersionsAsync(s3);
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "cold", ContentBody = "x", StorageClass = S3StorageClass.Glacier }, Cancel);
            await s3.RestoreObjectAsync(new RestoreObjectRequest { BucketName = "movies", Key = "cold", Days = 1, RetrievalTier = GlacierJobTier.Expedited }, Cancel);
        }

        await using LabEmulator second = await StartAsync();
        using IAmazonS3 again = Client(second);
        Assert.Equal(5, versions.Count);
        Assert.Equal(versions, await VersionsAsync(again));
        Assert.Equal("NoSuchKey", (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => again.GetObjectAsync("movies", "k", Cancel))).ErrorCode);
        await again.DeleteObjectAsync("movies", "k", versions[0], Cancel);
        using (GetObjectResponse newest = await again.GetObjectAsync("movies", "k", Cancel))
        {
            Assert.Equal(versions[1], newest.VersionId);
        }

        using (GetObjectResponse restored = await again.GetObjectAsync("movies", "cold", Cancel))
        {
            Assert.Equal(1, restored.ContentLength);
        }

        // Versions that are put now are newer than those that were kept.
        await PutAsync(again, "new");
        Assert.Equal(versions[1], (await VersionsAsync(again))[1]);
        Assert.Equal("AccessDenied", (await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => again.DeleteObjectAsync("locked", "x", locked, Cancel))).ErrorCode);
        foreach (string? version in await VersionsAsync(again))
        {
            await again.DeleteObjectAsync("movies", "k", version, Cancel);
        }

        Assert.Equal(2, Blobs().Length);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "s3", "buckets"), "*.json", SearchOption.AllDirectories).Count(path => path.Contains("objects", StringComparison.Ordinal)));

        static Task PutAsync(IAmazonS3 s3, string text) => s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "k", ContentBody = text }, Cancel);

        static async Task<List<string?>> VersionsAsync(IAmazonS3 s3) =>
            [.. (await s3.ListVersionsAsync(new ListVersionsRequest { BucketName = "movies", Prefix = "k" }, Cancel)).Versions.Select(version => (string?)version.VersionId)];
    }

    [Fact]
    public async Task Data_goes_with_its_last_object()
    {
        await using LabEmulator emulator = await StartAsync();
        using IAmazonS3 s3 = Client(emulator);
        await s3.PutBucketAsync("movies", Cancel);
        await s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "a", ContentBody = "x" }, Cancel);
        await s3.CopyObjectAsync("movies", "a", "movies", "b", Cancel);
        Assert.Single(Blobs());
        await s3.DeleteObjectAsync("movies", "a", Cancel);
        Assert.Single(Blobs());
        await s3.DeleteObjectAsync("movies", "b", Cancel);
        Assert.Empty(Blobs());
        AmazonS3Exception refused = await Assert.ThrowsAnyAsync<AmazonS3Exception>(() => s3.PutObjectAsync(
            new PutObjectRequest { BucketName = "movies", Key = "c", ContentBody = "x", IfMatch = "\"none\"" }, Cancel));
        Assert.Equal("NoSuchKey", refused.ErrorCode);
        Assert.Empty(Blobs());
    }

    [Fact]
    public async Task What_a_crash_left_is_cleared_away()
    {
        await using (LabEmulator emulator = await StartAsync())
        {
            using IAmazonS3 s3 = Client(emulator);
            await s3.PutBucketAsync("movies", Cancel);
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "a", ContentBody = "x" }, Cancel);
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "s3", "blobs", "orphan"), "half an upload", Cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "s3", "temp", "half"), "{", Cancel);
        await using LabEmulator next = await StartAsync();
        Assert.Single(Blobs());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(folder, "s3", "temp")));
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_is_an_internal_error_and_is_logged()
    {
        List<string> log = [];
        await using LabEmulator emulator = await LabEmulator.StartAsync(new EmulatorOptions { DataPath = folder, Log = log.Add });
        using IAmazonS3 s3 = Client(emulator);
        await s3.PutBucketAsync("movies", Cancel);
        Directory.Delete(Path.Combine(folder, "s3", "temp"));
        await File.WriteAllTextAsync(Path.Combine(folder, "s3", "temp"), "in the way", Cancel);
        AmazonS3Exception problem = await Assert.ThrowsAnyAsync<AmazonS3Exception>(
            () => s3.PutObjectAsync(new PutObjectRequest { BucketName = "movies", Key = "a", ContentBody = "x" }, Cancel));
        Assert.Equal("InternalError", problem.ErrorCode);
        await emulator.DisposeAsync();
        Assert.Contains(log, line => line.Contains("temp", StringComparison.Ordinal));
        File.Delete(Path.Combine(folder, "s3", "temp"));
    }

    [Fact]
    public async Task A_folder_serves_one_emulator_at_a_time()
    {
        await using (LabEmulator first = await StartAsync())
        {
            LabException problem = await Assert.ThrowsAsync<LabException>(StartAsync);
            Assert.Equal("DataPathNotUsable", problem.Code);
            Assert.Contains(folder, problem.Message, StringComparison.Ordinal);
        }

        await using LabEmulator next = await StartAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        await using LabEmulator first = await LabEmulator.StartAsync();
        LabException problem = await Assert.ThrowsAsync<LabException>(
            () => LabEmulator.StartAsync(new EmulatorOptions { Port = first.Info.EndpointUrl.Port }));
        Assert.Equal("PortInUse", problem.Code);
        Assert.Contains($"{first.Info.EndpointUrl.Port}", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_when_it_stops()
    {
        LabEmulator emulator = await LabEmulator.StartAsync();
        string kubeConfig = emulator.Info.KubeConfig;
        Assert.Contains(emulator.Info.KubernetesUrl.Authority, await File.ReadAllTextAsync(kubeConfig, Cancel), StringComparison.Ordinal);
        Assert.True(emulator.Info.Running);
        await emulator.DisposeAsync();
        Assert.False(emulator.Info.Running);
        Assert.False(Directory.Exists(Path.GetDirectoryName(kubeConfig)));
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => RawHttp.ConnectAsync(emulator.Info.EndpointUrl));
    }

    private static IAmazonS3 Client(LabEmulator emulator) => new AmazonS3Client(
        emulator.Info.GetEnvironment()["AWS_ACCESS_KEY_ID"], emulator.Info.GetEnvironment()["AWS_SECRET_ACCESS_KEY"],
        new AmazonS3Config { ServiceURL = emulator.Info.EndpointUrl.AbsoluteUri, ForcePathStyle = true, MaxErrorRetry = 0 });

    private Task<LabEmulator> StartAsync() => LabEmulator.StartAsync(new EmulatorOptions { DataPath = folder });

    private string[] Blobs() => Directory.GetFiles(Path.Combine(folder, "s3", "blobs"));
}
