using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>How a bucket encrypts new objects that do not say it themselves.</summary>
public sealed class LabBucketEncryption : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary><c>AES256</c> with keys of S3 itself, <c>aws:kms</c> or <c>aws:kms:dsse</c> with keys of KMS.</summary>
    public required string Algorithm { get; init; }

    /// <summary>Id, ARN or alias of the KMS key; null for the account's own S3 key, or without KMS.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>Whether the bucket has a key of its own under that of KMS, which saves requests to KMS.</summary>
    public bool BucketKey { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Bucket;
}
