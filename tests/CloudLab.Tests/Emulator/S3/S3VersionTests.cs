using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Versions: kept, listed, read, tagged, copied and deleted one by one, with delete markers and the null version.</summary>
[Trait("Area", "Emulator")]
public sealed class S3VersionTests : S3Tests
{
    private static readonly string Empty = S3Signer.Hash([]);

    [Fact]
    public async Task Each_put_is_a_version_and_a_delete_hides_them()
    {
        await PutAsync("k", "before");
        await VersionAsync(VersionStatus.Enabled);
        string first = (await PutAsync("k", "1")).VersionId, second = (await PutAsync("k", "22")).VersionId;
        Assert.NotEqual(first, second);
        Assert.Equal("22", await GetAsync("k"));
        Assert.Equal(["before", "1", "22"], [await GetVersionAsync("k", "null"), await GetVersionAsync("k", first), await GetVersionAsync("k", second)]);

        DeleteObjectResponse deleted = await S3.DeleteObjectAsync(Bucket, "k", Cancel);
        Assert.Equal("true", deleted.DeleteMarker);
        Assert.Empty((await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket }, Cancel)).S3Objects ?? []);
        Assert.Equal("1", await GetVersionAsync("k", first));
        RawAnswer hidden = await SendAsync("GET", "/movies/k");
        Assert.Equal((404, "NoSuchKey", "true", deleted.VersionId), (hidden.Status, hidden.Code, hidden.Headers["x-amz-delete-marker"], hidden.Headers["x-amz-version-id"]));
        RawAnswer marker = await SendAsync("GET", "/movies/k?versionId=" + deleted.VersionId);
        Assert.Equal((405, "MethodNotAllowed", "true", "DELETE"), (marker.Status, marker.Code, marker.Headers["x-amz-delete-marker"], marker.Headers["Allow"]));
        Assert.Equal(405, (await SendAsync("HEAD", "/movies/k?versionId=" + deleted.VersionId)).Status);

        // Without the marker, the object is back; without its newest version, it is the one before.
        Assert.Equal("true", (await S3.DeleteObjectAsync(Bucket, "k", deleted.VersionId, Cancel)).DeleteMarker);
        Assert.Equal("22", await GetAsync("k"));
        await S3.DeleteObjectAsync(Bucket, "k", second, Cancel);
        Assert.Equal("1", await GetAsync("k"));
        await S3.DeleteObjectAsync(Bucket, "k", second, Cancel);
        await FailsAsync("NoSuchVersion", () => S3.GetObjectAsync(Bucket, "k", second, Cancel));
        await FailsAsync("InvalidArgument", () => S3.GetObjectAsync(Bucket, "k", "nonsense", Cancel));
    }

    [Fact]
    public async Task A_suspended_bucket_replaces_the_null_version_only()
    {
        await VersionAsync(VersionStatus.Enabled);
        string kept = (await PutAsync("k", "kept")).VersionId;
        await VersionAsync(VersionStatus.Suspended);
        Assert.Equal("null", (await PutAsync("k", "a")).VersionId);
        Assert.Equal("null", (await PutAsync("k", "b")).VersionId);
        Assert.Equal(["null", kept], (await ListAsync()).Select(version => version.VersionId));
        Assert.Equal("null", (await S3.DeleteObjectAsync(Bucket, "k", Cancel)).VersionId);
        List<S3ObjectVersion> versions = await ListAsync();
        Assert.Equal([("null", true, true), (kept, false, false)], versions.Select(version => (version.VersionId, version.IsDeleteMarker == true, version.IsLatest == true)));
        await S3.DeleteObjectAsync(Bucket, "k", "null", Cancel);
        Assert.Equal("kept", await GetAsync("k"));
    }

    [Fact]
    public async Task Versions_are_listed_page_by_page_also_while_they_are_deleted()
    {
        await VersionAsync(VersionStatus.Enabled);
        List<(string, string)> expected = [];
        foreach (string key in new[] { "a/1", "a/2", "b ü+\n", "c" })
        {
            List<string> ids = [];
            for (int i = 0; i < 3; i++)
            {
                ids.Add((await PutAsync(key)).VersionId);
            }

            ids.Add((await S3.DeleteObjectAsync(Bucket, key, Cancel)).VersionId);
            expected.AddRange(ids.AsEnumerable().Reverse().Select(id => (key, id)));
        }

        foreach (int size in new[] { 1, 3, 5, 1000 })
        {
            Assert.Equal(expected, (await ListAsync(size)).Select(version => (version.Key, version.VersionId)));
        }

        RawAnswer encoded = await SendAsync("GET", "/movies?encoding-type=url&prefix=b&versions");
        Assert.Equal("b%20%C3%BC%2B%0A", encoded.Element("Key"));
        Assert.Equal("InvalidArgument", (await SendAsync("GET", "/movies?version-id-marker=null&versions")).Code);
        Assert.Equal(expected.Where(item => item.Item1 == "a/2"), (await ListAsync(2, "a/2")).Select(version => (version.Key, version.VersionId)));
        ListVersionsResponse folders = await S3.ListVersionsAsync(new ListVersionsRequest { BucketName = Bucket, Delimiter = "/", MaxKeys = 1 }, Cancel);
        Assert.Equal(("a/", true), (Assert.Single(folders.CommonPrefixes), folders.IsTruncated));
        folders = await S3.ListVersionsAsync(new ListVersionsRequest { BucketName = Bucket, Delimiter = "/", MaxKeys = 1, KeyMarker = folders.NextKeyMarker }, Cancel);
        Assert.Equal(expected[8], (Assert.Single(folders.Versions).Key, folders.Versions[0].VersionId));

        int deleted = 0;
        ListVersionsRequest page = new() { BucketName = Bucket, MaxKeys = 3 };
        ListVersionsResponse answer;
        do
        {
            answer = await S3.ListVersionsAsync(page, Cancel);
            DeleteObjectsResponse gone = await S3.DeleteObjectsAsync(
                new DeleteObjectsRequest { BucketName = Bucket, Objects = [.. answer.Versions.Select(version => new KeyVersion { Key = version.Key, VersionId = version.VersionId })] }, Cancel);
            deleted += gone.DeletedObjects.Count;
            (page.KeyMarker, page.VersionIdMarker) = (answer.NextKeyMarker, answer.NextVersionIdMarker);
        }
        while (answer.IsTruncated == true);
        Assert.Equal(expected.Count, deleted);
        await S3.DeleteBucketAsync(Bucket, Cancel);
    }

    [Fact]
    public async Task A_bucket_with_versions_stays()
    {
        await VersionAsync(VersionStatus.Enabled);
        string version = (await PutAsync("k")).VersionId;
        string marker = (await S3.DeleteObjectAsync(Bucket, "k", Cancel)).VersionId;
        await FailsAsync("BucketNotEmpty", () => S3.DeleteBucketAsync(Bucket, Cancel));
        await S3.DeleteObjectAsync(Bucket, "k", version, Cancel);
        await FailsAsync("BucketNotEmpty", () => S3.DeleteBucketAsync(Bucket, Cancel));
        await S3.DeleteObjectAsync(Bucket, "k", marker, Cancel);
        await S3.DeleteBucketAsync(Bucket, Cancel);
    }

    [Fact]
    public async Task Many_versions_are_deleted_at_once_and_each_is_reported()
    {
        await VersionAsync(VersionStatus.Enabled);
        string version = (await PutAsync("k")).VersionId;
        DeleteObjectsResponse hidden = await S3.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = Bucket, Objects = [new KeyVersion { Key = "k" }] }, Cancel);
        DeletedObject marker = Assert.Single(hidden.DeletedObjects);
        Assert.Equal((true, null), (marker.DeleteMarker, marker.VersionId));
        DeleteObjectsException problem = await Assert.ThrowsAsync<DeleteObjectsException>(() => S3.DeleteObjectsAsync(
            new DeleteObjectsRequest
            {
                BucketName = Bucket,
                Objects =
                [
                    new KeyVersion { Key = "k", VersionId = version }, new KeyVersion { Key = "k", VersionId = marker.DeleteMarkerVersionId },
                    new KeyVersion { Key = "k", VersionId = "nonsense" },
                ],
            },
            Cancel));
        Assert.Equal([version, marker.DeleteMarkerVersionId], problem.Response.DeletedObjects.Select(item => item.VersionId));
        Assert.Equal([null, marker.DeleteMarkerVersionId], problem.Response.DeletedObjects.Select(item => item.DeleteMarkerVersionId));
        Assert.Equal(("NoSuchVersion", "nonsense"), (problem.Response.DeleteErrors[0].Code, problem.Response.DeleteErrors[0].VersionId));
        Assert.Empty(await ListAsync());
    }

    [Fact]
    public async Task Tags_and_copies_are_of_a_version()
    {
        await VersionAsync(VersionStatus.Enabled);
        string first = (await PutAsync("k", "1")).VersionId, second = (await PutAsync("k", "22")).VersionId;
        await S3.PutObjectTaggingAsync(new PutObjectTaggingRequest { BucketName = Bucket, Key = "k", VersionId = first, Tagging = new Tagging { TagSet = [new Tag { Key = "a", Value = "b" }] } }, Cancel);
        GetObjectTaggingResponse tags = await S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = Bucket, Key = "k", VersionId = first }, Cancel);
        Assert.Equal("b", Assert.Single(tags.Tagging).Value);
        Assert.Empty((await S3.GetObjectTaggingAsync(new GetObjectTaggingRequest { BucketName = Bucket, Key = "k" }, Cancel)).Tagging ?? []);

        CopyObjectResponse copy = await S3.CopyObjectAsync(
            new CopyObjectRequest { SourceBucket = Bucket, SourceKey = "k", SourceVersionId = first, DestinationBucket = Bucket, DestinationKey = "k" }, Cancel);
        Assert.Equal(first, copy.SourceVersionId);
        Assert.Equal("1", await GetAsync("k"));
        Assert.Equal([copy.VersionId, second, first], (await ListAsync()).Select(version => version.VersionId));

        string marker = (await S3.DeleteObjectAsync(Bucket, "k", Cancel)).VersionId;
        await FailsAsync("InvalidRequest", () => S3.CopyObjectAsync(
            new CopyObjectRequest { SourceBucket = Bucket, SourceKey = "k", SourceVersionId = marker, DestinationBucket = Bucket, DestinationKey = "x" }, Cancel));
        await FailsAsync("NoSuchKey", () => S3.CopyObjectAsync(
            new CopyObjectRequest { SourceBucket = Bucket, SourceKey = "k", DestinationBucket = Bucket, DestinationKey = "x" }, Cancel));
    }

    [Fact]
    public async Task An_upload_in_parts_is_one_version_and_conditions_see_the_newest()
    {
        await VersionAsync(VersionStatus.Enabled);
        await PutAsync("k");
        string id = (await S3.InitiateMultipartUploadAsync(Bucket, "k", Cancel)).UploadId;
        UploadPartResponse part = await S3.UploadPartAsync(
            new UploadPartRequest { BucketName = Bucket, Key = "k", UploadId = id, PartNumber = 1, InputStream = new MemoryStream([1]) }, Cancel);
        CompleteMultipartUploadResponse done = await S3.CompleteMultipartUploadAsync(
            new CompleteMultipartUploadRequest { BucketName = Bucket, Key = "k", UploadId = id, PartETags = [new PartETag(1, part.ETag)] }, Cancel);
        Assert.Equal(done.VersionId, (await ListAsync())[0].VersionId);

        PutObjectRequest IfNew() => new() { BucketName = Bucket, Key = "k", ContentBody = "x", IfNoneMatch = "*" };
        await FailsAsync("PreconditionFailed", () => S3.PutObjectAsync(IfNew(), Cancel));
        AmazonS3Exception refused = await FailsAsync(
            "PreconditionFailed", () => S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Bucket, Key = "k", IfMatch = "\"x\"" }, Cancel));
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
        await S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Bucket, Key = "k", VersionId = "null", IfMatch = "\"x\"" }, Cancel);
        await S3.DeleteObjectAsync(Bucket, "k", Cancel);
        await S3.PutObjectAsync(IfNew(), Cancel);
        Assert.Equal(4, (await ListAsync()).Count);
    }

    [Fact]
    public async Task Nothing_of_a_version_shows_where_versions_were_never_kept()
    {
        Assert.Null((await PutAsync("k")).VersionId);
        RawAnswer got = await SendAsync("GET", "/movies/k?versionId=null");
        Assert.Equal((200, false), (got.Status, got.Headers.ContainsKey("x-amz-version-id")));
        Assert.Equal("null", Assert.Single(await ListAsync()).VersionId);
        Assert.Null((await S3.DeleteObjectAsync(Bucket, "k", Cancel)).DeleteMarker);
        Assert.Empty(await ListAsync());
    }

    private Task VersionAsync(VersionStatus status) => S3.PutBucketVersioningAsync(
        new PutBucketVersioningRequest { BucketName = Bucket, VersioningConfig = new S3BucketVersioningConfig { Status = status } }, Cancel);

    private async Task<string> GetVersionAsync(string key, string version)
    {
        using GetObjectResponse answer = await S3.GetObjectAsync(Bucket, key, version, Cancel);
        Assert.Equal(version, answer.VersionId);
        using StreamReader reader = new(answer.ResponseStream);
        return await reader.ReadToEndAsync(Cancel);
    }

    private async Task<List<S3ObjectVersion>> ListAsync(int pageSize = 1000, string? prefix = null)
    {
        List<S3ObjectVersion> all = [];
        ListVersionsRequest request = new() { BucketName = Bucket, MaxKeys = pageSize, Prefix = prefix };
        ListVersionsResponse page;
        do
        {
            page = await S3.ListVersionsAsync(request, Cancel);
            Assert.InRange(page.Versions?.Count ?? 0, 0, pageSize);
            all.AddRange(page.Versions ?? []);
            (request.KeyMarker, request.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
        }
        while (page.IsTruncated == true);
        return all;
    }

    private Task<RawAnswer> SendAsync(string method, string target) =>
        RawHttp.SendAsync(Emulator.Info.EndpointUrl, Signer.Head(method, target, Empty) + "\r\n");
}
