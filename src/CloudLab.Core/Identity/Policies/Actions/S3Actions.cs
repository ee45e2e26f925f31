namespace CloudLab.Core.Identity.Policies.Actions;

/// <summary>
/// Actions of S3 by what they are done to
/// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html): those of objects go with
/// <c>bucket/*</c>, those of buckets with the bucket, and one in the wrong place allows nothing.
/// </summary>
internal static class S3Actions
{
    /// <summary>Actions on objects.</summary>
    public static IReadOnlyList<string> Object { get; } = All(
        "AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging GetObject " +
        "GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl " +
        "GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication " +
        "ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging " +
        "PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject");

    /// <summary>Actions on buckets whose requests have a prefix (<c>s3:prefix</c>).</summary>
    public static IReadOnlyList<string> Listing { get; } = All("ListBucket ListBucketMultipartUploads ListBucketVersions");

    /// <summary>The other actions on buckets.</summary>
    public static IReadOnlyList<string> Bucket { get; } = All(
        "CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite " +
        "GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging " +
        "GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy " +
        "GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite " +
        "GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration " +
        "GetReplicationConfiguration PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging " +
        "PutBucketNotification PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock " +
        "PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration " +
        "PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration PutReplicationConfiguration");

    /// <summary>Actions of the account, whose resource is <c>*</c>.</summary>
    public static IReadOnlyList<string> Account { get; } = All(
        "CreateJob GetAccountPublicAccessBlock ListAccessPoints ListAllMyBuckets ListJobs ListStorageLensConfigurations PutAccountPublicAccessBlock");

    private static string[] All(string names) => [.. names.Split(' ').Select(static name => "s3:" + name)];
}
