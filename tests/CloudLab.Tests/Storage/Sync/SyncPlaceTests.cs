using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Sync;
using Xunit;

namespace CloudLab.Tests.Storage.Sync;

[Trait("Area", "Storage")]
public sealed class SyncPlaceTests
{
    [Theory]
    [InlineData("s3://movies", "movies", "")]
    [InlineData("s3://movies/", "movies", "")]
    [InlineData("S3://movies/data", "movies", "data/")]
    [InlineData("s3://movies/data/", "movies", "data/")]
    [InlineData("s3://movies/a//b", "movies", "a//b/")]
    [InlineData("s3://movies//", "movies", "/")]
    public void A_bucket_with_and_without_prefix(string text, string bucket, string prefix)
    {
        SyncPlace place = Parse(text);
        Assert.Equal((bucket, prefix), (place.Bucket, place.Prefix));
        Assert.Equal($"s3://{bucket}/{prefix}x/y", place.NameOf("x/y"));
    }

    [Theory]
    [InlineData("/data/")]
    [InlineData("/data")]
    public void A_folder(string text)
    {
        SyncPlace place = Parse(text);
        Assert.Equal((null, "/data"), (place.Bucket, place.Folder));
        Assert.Equal("/data/x", place.NameOf("x"));
    }

    [Theory]
    [InlineData("s3://", "InvalidPlace")]
    [InlineData("s3:///key", "InvalidPlace")]
    [InlineData("https://movies.s3.amazonaws.com/data", "InvalidPlace")]
    [InlineData("gs://movies", "InvalidPlace")]
    [InlineData("s3://not a bucket/x", "InvalidBucketName")]
    public void Nonsense_is_refused(string text, string code)
    {
        LabException e = Assert.Throws<LabException>(() => Parse(text));
        Assert.Equal(code, e.Code);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("s3://bb/a", "s3://bb/a/", true)]
    [InlineData("s3://bb/a", "s3://bb/a/copy", true)]
    [InlineData("s3://bb/a/copy", "s3://bb/a", true)]
    [InlineData("s3://bb", "s3://bb/a", true)]
    [InlineData("s3://bb/a", "s3://bb/ab", false)]
    [InlineData("s3://bb/a", "s3://cc/a", false)]
    [InlineData("/a", "/a", false)]
    public void Places_overlap_where_one_is_in_the_other(string one, string other, bool overlap) =>
        Assert.Equal((overlap, overlap), (Parse(one).Overlaps(Parse(other)), Parse(other).Overlaps(Parse(one))));

    private static SyncPlace Parse(string text) => SyncPlace.Parse(text, path => path);
}
