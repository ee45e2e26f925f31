using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The public access blocks of buckets.</summary>
/// <param name="client">The service.</param>
public sealed class BucketPublicAccessBlock(StorageClient client)
    : RemovableConfiguration<LabBucketPublicAccessBlock>(client, "public access block", "NoSuchPublicAccessBlockConfiguration")
{
    /// <summary>Sets the public access block of a bucket.</summary>
    /// <param name="block">Bucket and what is blocked.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public Task SetAsync(LabBucketPublicAccessBlock block, CancellationToken cancellation = default)
    {
        PutPublicAccessBlockRequest request = new()
        {
            BucketName = block.Bucket,
            PublicAccessBlockConfiguration = new PublicAccessBlockConfiguration
            {
                BlockPublicAcls = block.BlockPublicAcls,
                IgnorePublicAcls = block.IgnorePublicAcls,
                BlockPublicPolicy = block.BlockPublicPolicy,
                RestrictPublicBuckets = block.RestrictPublicBuckets,
            },
        };
        return Client.CallSdkAsync(block.Bucket, s3 => s3.PutPublicAccessBlockAsync(request, cancellation), cancellation);
    }

    private protected override async Task<IReadOnlyList<LabBucketPublicAccessBlock>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetPublicAccessBlockResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetPublicAccessBlockAsync(new GetPublicAccessBlockRequest { BucketName = bucket }, cancellation), cancellation);
        return answer.PublicAccessBlockConfiguration is not { } block ? [] :
        [
            new LabBucketPublicAccessBlock
            {
                Bucket = bucket,
                BlockPublicAcls = block.BlockPublicAcls is true,
                IgnorePublicAcls = block.IgnorePublicAcls is true,
                BlockPublicPolicy = block.BlockPublicPolicy is true,
                RestrictPublicBuckets = block.RestrictPublicBuckets is true,
            },
        ];
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeletePublicAccessBlockAsync(new DeletePublicAccessBlockRequest { BucketName = bucket }, cancellation), cancellation);
}
