using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Uploads in parts.</summary>
[Trait("Area", "Emulator")]
public sealed class S3MultipartTests : S3Tests
{
    private const int PartSize = 5 * 1024 * 1024;

    [Fact]
    public async Task Parts_become_one_object()
    {
        byte[] one = Bytes(PartSize), two = Bytes(100, 2);
        string id = await BeginAsync();
        List<PartETag> parts = [await UploadAsync(id, 7, two), await UploadAsync(id, 2, Bytes(10)), await UploadAsync(id, 2, one)];
        ListPartsResponse listed = await S3.ListPartsAsync(Bucket, "big", id, Cancel);
        Assert.Equal([(2, (long)PartSize), (7, 100L)], listed.Parts.Select(part => (part.PartNumber!.Value, part.Size!.Value)));
        await FailsAsync("NoSuchKey", () => S3.GetObjectAsync(Bucket, "big", Cancel));

        CompleteMultipartUploadResponse done = await CompleteAsync(id, parts[2], parts[0]);
        Assert.EndsWith("-2\"", done.ETag, StringComparison.Ordinal);
        using GetObjectResponse got = await S3.GetObjectAsync(Bucket, "big", Cancel);
        MemoryStream data = new();
        await got.ResponseStream.CopyToAsync(data, Cancel);
        Assert.Equal([.. one, .. two], data.ToArray());
        Assert.Equal(done.ETag, got.ETag);

        using GetObjectResponse second = await S3.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = "big", PartNumber = 2 }, Cancel);
        Assert.Equal((100, 2), (second.ContentLength, second.PartsCount!.Value));
        await FailsAsync("NoSuchUpload", () => CompleteAsync(id, parts[2], parts[0]));
    }

    [Fact]
    public async Task A_wrong_list_of_parts_is_refused_and_the_upload_stays()
    {
        string id = await BeginAsync();
        PartETag one = await UploadAsync(id, 1, Bytes(10)), two = await UploadAsync(id, 2, Bytes(10, 2));

        // Amazon's client would sort them.
        byte[] body = System.Text.Encoding.UTF8.GetBytes(
            $"<CompleteMultipartUpload>{string.Concat(new[] { two, one }.Select(part => $"<Part><PartNumber>{part.PartNumber}</PartNumber><ETag>{part.ETag}</ETag></Part>"))}</CompleteMultipartUpload>");
        RawAnswer unsorted = await RawHttp.SendAsync(
            Emulator.Info.EndpointUrl,
            Signer.Head("POST", $"/movies/big?uploadId={id}", S3Signer.Hash(body)) + $"Content-Length: {body.Length}\r\n\r\n", body);
        Assert.Equal((400, "InvalidPartOrder"), (unsorted.Status, unsorted.Code));
        await FailsAsync("InvalidPart", () => CompleteAsync(id, one, new PartETag(2, one.ETag)));
        await FailsAsync("InvalidPart", () => CompleteAsync(id, one, new PartETag(3, one.ETag)));
        AmazonS3Exception small = await FailsAsync("EntityTooSmall", () => CompleteAsync(id, one, two));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, small.StatusCode);
        await CompleteAsync(id, two);
        Assert.Equal(10, (await S3.GetObjectMetadataAsync(Bucket, "big", Cancel)).ContentLength);
    }

    [Fact]
    public async Task An_aborted_upload_is_gone()
    {
        string id = await BeginAsync();
        await UploadAsync(id, 1, Bytes(10));
        MultipartUpload upload = Assert.Single((await S3.ListMultipartUploadsAsync(Bucket, Cancel)).MultipartUploads);
        Assert.Equal((id, "big"), (upload.UploadId, upload.Key));
        await S3.AbortMultipartUploadAsync(Bucket, "big", id, Cancel);
        Assert.Empty((await S3.ListMultipartUploadsAsync(Bucket, Cancel)).MultipartUploads ?? []);
        await FailsAsync("NoSuchUpload", () => UploadAsync(id, 1, Bytes(10)));
        await FailsAsync("NoSuchUpload", () => S3.AbortMultipartUploadAsync(Bucket, "big", id, Cancel));
    }

    [Fact]
    public async Task A_part_number_has_its_bounds()
    {
        string id = await BeginAsync();
        foreach (string number in new[] { "0", "10001", "x" })
        {
            RawAnswer answer = await RawHttp.SendAsync(
                Emulator.Info.EndpointUrl,
                Signer.Head("PUT", $"/movies/big?partNumber={number}&uploadId={id}", S3Signer.Hash([])) + "Content-Length: 0\r\n\r\n");
            Assert.Equal("InvalidArgument", answer.Code);
        }
    }

    [Fact]
    public async Task A_part_can_be_a_piece_of_another_object()
    {
        byte[] source = Bytes(PartSize + 1000);
        await S3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = "source", InputStream = new MemoryStream(source) }, Cancel);
        string id = await BeginAsync();
        CopyPartRequest Copy(int number, long first, long last) => new()
        {
            SourceBucket = Bucket, SourceKey = "source", DestinationBucket = Bucket, DestinationKey = "big", UploadId = id,
            PartNumber = number, FirstByte = first, LastByte = last,
        };
        CopyPartResponse one = await S3.CopyPartAsync(Copy(1, 500, PartSize + 499), Cancel), two = await S3.CopyPartAsync(Copy(2, 0, 9), Cancel);
        await FailsAsync("InvalidArgument", () => S3.CopyPartAsync(Copy(3, 0, source.Length), Cancel));
        await S3.DeleteObjectAsync(Bucket, "source", Cancel);
        await CompleteAsync(id, new PartETag(1, one.ETag), new PartETag(2, two.ETag));
        using GetObjectResponse got = await S3.GetObjectAsync(Bucket, "big", Cancel);
        MemoryStream data = new();
        await got.ResponseStream.CopyToAsync(data, Cancel);
        Assert.Equal([.. source[500..(PartSize + 500)], .. source[..10]], data.ToArray());
    }

    [Theory]
    [InlineData("CRC32", null)]
    [InlineData("SHA256", null)]
    [InlineData("CRC32", "FULL_OBJECT")]
    public async Task The_checksum_is_that_of_the_parts_or_of_the_whole(string algorithm, string? type)
    {
        InitiateMultipartUploadResponse begun = await S3.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = Bucket, Key = "big", ChecksumAlgorithm = algorithm, ChecksumType = type is null ? null : new ChecksumType(type) }, Cancel);
        byte[] one = Bytes(PartSize), two = Bytes(777, 2);
        List<PartETag> parts = [];
        foreach ((int number, byte[] data) in new[] { (1, one), (2, two) })
        {
            parts.Add(new PartETag(await S3.UploadPartAsync(
                new UploadPartRequest { BucketName = Bucket, Key = "big", UploadId = begun.UploadId, PartNumber = number, InputStream = new MemoryStream(data), ChecksumAlgorithm = algorithm }, Cancel)));
        }

        CompleteMultipartUploadResponse done = await CompleteAsync(begun.UploadId, [.. parts]);
        string value = algorithm == "CRC32" ? done.ChecksumCRC32 : done.ChecksumSHA256;
        Assert.Equal(type ?? "COMPOSITE", done.ChecksumType.Value);
        if (type is null)
        {
            Assert.EndsWith("-2", value, StringComparison.Ordinal);
        }
        else
        {
            PutObjectResponse whole = await S3.PutObjectAsync(
                new PutObjectRequest { BucketName = Bucket, Key = "whole", InputStream = new MemoryStream([.. one, .. two]), ChecksumAlgorithm = algorithm }, Cancel);
            Assert.Equal(whole.ChecksumCRC32, value);
        }
    }

    private async Task<string> BeginAsync() => (await S3.InitiateMultipartUploadAsync(Bucket, "big", Cancel)).UploadId;

    private async Task<PartETag> UploadAsync(string id, int number, byte[] data) => new(number, (await S3.UploadPartAsync(
        new UploadPartRequest { BucketName = Bucket, Key = "big", UploadId = id, PartNumber = number, InputStream = new MemoryStream(data) }, Cancel)).ETag);

    private Task<CompleteMultipartUploadResponse> CompleteAsync(string id, params PartETag[] parts) => S3.CompleteMultipartUploadAsync(
        new CompleteMultipartUploadRequest { BucketName = Bucket, Key = "big", UploadId = id, PartETags = [.. parts] }, Cancel);
}
