using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The default encryption of buckets.</summary>
/// <param name="client">The service.</param>
public sealed class BucketEncryption(StorageClient client)
    : RemovableConfiguration<LabBucketEncryption>(client, "default encryption", "ServerSideEncryptionConfigurationNotFoundError")
{
    /// <summary>Sets the default encryption of a bucket.</summary>
    /// <param name="encryption">Bucket and encryption.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: KmsKeyUnused, NoSuchBucket.</returns>
    public Task SetAsync(LabBucketEncryption encryption, CancellationToken cancellation = default)
    {
        string bucket = encryption.Bucket;
        bool kms = encryption.Algorithm.StartsWith("aws:kms", StringComparison.Ordinal);
        if (!kms && !string.IsNullOrEmpty(encryption.KmsKeyId))
        {
            throw Invalid(bucket, "KmsKeyUnused", $"{encryption.Algorithm} does not use a KMS key: omit -KmsKeyId, or use -Algorithm aws:kms.");
        }

        PutBucketEncryptionRequest request = new()
        {
            BucketName = bucket,
            ServerSideEncryptionConfiguration = new ServerSideEncryptionConfiguration
            {
                ServerSideEncryptionRules =
                [
                    new ServerSideEncryptionRule
                    {
                        ServerSideEncryptionByDefault = new ServerSideEncryptionByDefault
                        {
                            ServerSideEncryptionAlgorithm = ServerSideEncryptionMethod.FindValue(encryption.Algorithm),
                            ServerSideEncryptionKeyManagementServiceKeyId = string.IsNullOrEmpty(encryption.KmsKeyId) ? null : encryption.KmsKeyId,
                        },
                        BucketKeyEnabled = encryption.BucketKey ? true : null,
                    },
                ],
            },
        };
        return Client.CallSdkAsync(bucket, s3 => s3.PutBucketEncryptionAsync(request, cancellation), cancellation);
    }

    private protected override async Task<IReadOnlyList<LabBucketEncryption>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetBucketEncryptionResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetBucketEncryptionAsync(new GetBucketEncryptionRequest { BucketName = bucket }, cancellation), cancellation);
        return [.. (answer.ServerSideEncryptionConfiguration?.ServerSideEncryptionRules ?? [])
            .Where(rule => rule.ServerSideEncryptionByDefault is not null)
            .Select(rule => new LabBucketEncryption
            {
                Bucket = bucket,
                Algorithm = rule.ServerSideEncryptionByDefault.ServerSideEncryptionAlgorithm?.Value ?? "",
                KmsKeyId = rule.ServerSideEncryptionByDefault.ServerSideEncryptionKeyManagementServiceKeyId is { Length: > 0 } key ? key : null,
                BucketKey = rule.BucketKeyEnabled is true,
            })];
    }

    private protected override Task DeleteAsync(string bucket, CancellationToken cancellation) => Client.CallSdkAsync(
        bucket, s3 => s3.DeleteBucketEncryptionAsync(new DeleteBucketEncryptionRequest { BucketName = bucket }, cancellation), cancellation);
}
