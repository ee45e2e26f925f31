using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The policies of buckets, as JSON text.</summary>
/// <param name="client">The service.</param>
public sealed class BucketPolicy(StorageClient client) : RemovableConfiguration<string>(client, "policy", "NoSuchBucketPolicy")
{
    /// <summary>Sets the policy of a bucket.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="policy">JSON text, already checked.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: MalformedPolicy, NoSuchBucket, AccessDenied.</returns>
    public Task SetAsync(string bucket, string policy, CancellationToken cancellation = default) => Client.CallSdkAsync(
        bucket, s3 => s3.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = bucket, Policy = policy }, cancellation), cancellation);

    private protected override async Task<IReadOnlyList<string>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetBucketPolicyResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetBucketPolicyAsync(new GetBucketPolicyRequest { BucketName = bucket }, cancellation), cancellation);
        return string.IsNullOrEmpty(answer.Policy) ? [] : [answer.Policy];
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteBucketPolicyAsync(new DeleteBucketPolicyRequest { BucketName = bucket }, cancellation), cancellation);
}
