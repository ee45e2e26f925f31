using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Lists: order, levels, pages.</summary>
[Trait("Area", "Emulator")]
public sealed class S3ListTests : S3Tests
{
    private static readonly string[] Keys =
        ["a", "a/", "a//b", "a/b/1", "a/b/2", "a/c", "b!", "b/x", "z/\uE000", "z/\U0001F3AC", "ü"];

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (string key in Keys.Reverse())
        {
            await PutAsync(key);
        }
    }

    [Fact]
    public async Task Keys_come_in_the_order_of_their_bytes()
    {
        ListObjectsV2Response all = await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, FetchOwner = true }, Cancel);
        Assert.Equal(Keys, all.S3Objects.Select(item => item.Key));
        Assert.All(all.S3Objects, item => Assert.Equal((5, "\"5d41402abc4b2a76b9719d911017c592\""), (item.Size!.Value, item.ETag)));
        Assert.NotEmpty(all.S3Objects[0].Owner.Id);
    }

    [Theory]
    [InlineData("", "/", "a|b!|ü", "a/|b/|z/")]
    [InlineData("a/", "/", "a/|a/c", "a//|a/b/")]
    [InlineData("a/b", "/", "", "a/b/")]
    [InlineData("a/b/", "/", "a/b/1|a/b/2", "")]
    [InlineData("b", "", "b!|b/x", "")]
    [InlineData("", "b/", "a|a/|a//b|a/c|b!|z/\uE000|z/\U0001F3AC|ü", "a/b/|b/")]
    [InlineData("none", "/", "", "")]
    public async Task Levels_are_folded(string prefix, string delimiter, string keys, string prefixes)
    {
        // The same whatever the size of the pages.
        foreach (int size in new[] { 1, 2, 1000 })
        {
            List<string> gotKeys = [], gotPrefixes = [];
            string? token = null;
            do
            {
                ListObjectsV2Response page = await S3.ListObjectsV2Async(
                    new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix, Delimiter = delimiter, MaxKeys = size, ContinuationToken = token }, Cancel);
                gotKeys.AddRange(page.S3Objects?.Select(item => item.Key) ?? []);
                gotPrefixes.AddRange(page.CommonPrefixes ?? []);
                Assert.InRange(page.KeyCount!.Value, 0, size);
                token = page.NextContinuationToken;
                Assert.Equal(page.IsTruncated, token is not null);
            }
            while (token is not null);
            Assert.Equal(keys, string.Join('|', gotKeys));
            Assert.Equal(prefixes, string.Join('|', gotPrefixes));
        }
    }

    [Fact]
    public async Task The_first_version_pages_by_marker()
    {
        List<string> keys = [];
        string? marker = null;
        do
        {
            ListObjectsResponse page = await S3.ListObjectsAsync(
                new ListObjectsRequest { BucketName = Bucket, Delimiter = "/", MaxKeys = 2, Marker = marker }, Cancel);
            keys.AddRange(page.S3Objects?.Select(item => item.Key) ?? []);
            keys.AddRange(page.CommonPrefixes ?? []);
            marker = page.IsTruncated == true ? page.NextMarker : null;
        }
        while (marker is not null);
        Assert.Equal(["a", "a/", "b!", "b/", "z/", "ü"], keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_list_begins_after_a_key_that_need_not_be_there()
    {
        ListObjectsV2Response page = await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, StartAfter = "a/b/15" }, Cancel);
        Assert.Equal("a/b/2", page.S3Objects[0].Key);
        Assert.Equal("a/b/15", page.StartAfter);
    }

    [Fact]
    public async Task A_made_up_token_is_refused()
    {
        await FailsAsync("InvalidArgument", () => S3.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = Bucket, ContinuationToken = "made up" }, Cancel));
        RawAnswer number = await RawHttp.SendAsync(
            Emulator.Info.EndpointUrl, Signer.Head("GET", "/movies?list-type=2&max-keys=-1", S3Signer.Hash([])) + "\r\n");
        Assert.Equal("InvalidArgument", number.Code);
    }

    [Fact]
    public async Task Nothing_is_listed_where_nothing_is_asked_for()
    {
        ListObjectsV2Response page = await S3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 0 }, Cancel);
        Assert.Equal((0, false), (page.KeyCount, page.IsTruncated));
    }

    [Fact]
    public async Task Thousands_of_keys_come_once_each_while_others_are_written()
    {
        for (int i = 0; i < 2500; i += 50)
        {
            await Task.WhenAll(Enumerable.Range(i, 50).Select(n => PutAsync($"many/{n:0000}", "")));
        }

        HashSet<string> seen = [];
        string? token = null;
        int pages = 0;
        do
        {
            ListObjectsV2Response page = await S3.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = Bucket, Prefix = "many/", ContinuationToken = token }, Cancel);
            Assert.All(page.S3Objects, item => Assert.True(seen.Add(item.Key)));
            await S3.DeleteObjectAsync(Bucket, page.S3Objects[^1].Key, Cancel);
            token = page.NextContinuationToken;
            pages++;
        }
        while (token is not null);
        Assert.Equal((2500, 3), (seen.Count, pages));
    }
}
