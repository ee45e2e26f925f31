using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>Object lock: what is locked cannot be deleted, whoever asks, until the lock is over or lifted.</summary>
[Trait("Area", "Emulator")]
public sealed class S3LockTests : S3Tests
{
    private const string Locked = "locked";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await S3.PutBucketAsync(new PutBucketRequest { BucketName = Locked, ObjectLockEnabledForBucket = true }, Cancel);
    }

    [Fact]
    public async Task A_bucket_with_locks_keeps_versions_for_good()
    {
        Assert.Equal(VersionStatus.Enabled, (await S3.GetBucketVersioningAsync(Locked, Cancel)).VersioningConfig.Status);
        AmazonS3Exception refused = await FailsAsync("InvalidBucketState", () => S3.PutBucketVersioningAsync(
            new PutBucketVersioningRequest { BucketName = Locked, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Suspended } }, Cancel));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        GetObjectLockConfigurationResponse configuration = await S3.GetObjectLockConfigurationAsync(new GetObjectLockConfigurationRequest { BucketName = Locked }, Cancel);
        Assert.Equal(ObjectLockEnabled.Enabled, configuration.ObjectLockConfiguration.ObjectLockEnabled);
    }

    [Fact]
    public async Task Governance_is_lifted_by_who_may_and_compliance_by_nobody()
    {
        DateTime soon = DateTime.UtcNow.AddHours(1);
        string governed = await PutAsync("g", ObjectLockMode.Governance, soon), complied = await PutAsync("c", ObjectLockMode.Compliance, soon);
        GetObjectMetadataResponse head = await S3.GetObjectMetadataAsync(Locked, "g", Cancel);
        Assert.Equal(ObjectLockMode.Governance, head.ObjectLockMode);
        AmazonS3Exception refused = await FailsAsync("AccessDenied", () => S3.DeleteObjectAsync(Locked, "g", governed, Cancel));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        // Hiding it is no deletion, and what hides it can be deleted.
        string marker = (await S3.DeleteObjectAsync(Locked, "g", Cancel)).VersionId;
        await S3.DeleteObjectAsync(Locked, "g", marker, Cancel);
        await FailsAsync("AccessDenied", () => RetainAsync("g", governed, ObjectLockRetentionMode.Governance, soon.AddMinutes(-30), bypass: false));
        await RetainAsync("g", governed, ObjectLockRetentionMode.Governance, soon.AddMinutes(30), bypass: false);
        await RetainAsync("g", governed, ObjectLockRetentionMode.Governance, soon.AddMinutes(-30), bypass: true);
        DeleteObjectsException many = await Assert.ThrowsAsync<DeleteObjectsException>(() => S3.DeleteObjectsAsync(
            new DeleteObjectsRequest { BucketName = Locked, Objects = [new KeyVersion { Key = "g", VersionId = governed }] }, Cancel));
        Assert.Equal("AccessDenied", many.Response.DeleteErrors[0].Code);
        await S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Locked, Key = "g", VersionId = governed, BypassGovernanceRetention = true }, Cancel);

        await FailsAsync("AccessDenied", () => RetainAsync("c", complied, ObjectLockRetentionMode.Governance, soon.AddHours(1), bypass: true));
        await FailsAsync("AccessDenied", () => S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Locked, Key = "c", VersionId = complied, BypassGovernanceRetention = true }, Cancel));
    }

    [Fact]
    public async Task A_legal_hold_holds_until_it_is_taken_off()
    {
        string version = (await S3.PutObjectAsync(new PutObjectRequest { BucketName = Locked, Key = "h", ContentBody = "x" }, Cancel)).VersionId;
        await FailsAsync("NoSuchObjectLockConfiguration", () => S3.GetObjectLegalHoldAsync(new GetObjectLegalHoldRequest { BucketName = Locked, Key = "h" }, Cancel));
        await HoldAsync(ObjectLockLegalHoldStatus.On);
        Assert.Equal(ObjectLockLegalHoldStatus.On, (await S3.GetObjectLegalHoldAsync(new GetObjectLegalHoldRequest { BucketName = Locked, Key = "h" }, Cancel)).LegalHold.Status);
        await FailsAsync("AccessDenied", () => S3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Locked, Key = "h", VersionId = version, BypassGovernanceRetention = true }, Cancel));
        await HoldAsync(ObjectLockLegalHoldStatus.Off);
        await S3.DeleteObjectAsync(Locked, "h", version, Cancel);

        Task HoldAsync(ObjectLockLegalHoldStatus status) => S3.PutObjectLegalHoldAsync(
            new PutObjectLegalHoldRequest { BucketName = Locked, Key = "h", LegalHold = new ObjectLockLegalHold { Status = status } }, Cancel);
    }

    [Fact]
    public async Task A_bucket_may_lock_by_itself()
    {
        await S3.PutObjectLockConfigurationAsync(
            new PutObjectLockConfigurationRequest
            {
                BucketName = Locked,
                ObjectLockConfiguration = new ObjectLockConfiguration
                {
                    ObjectLockEnabled = ObjectLockEnabled.Enabled,
                    Rule = new ObjectLockRule { DefaultRetention = new DefaultRetention { Mode = ObjectLockRetentionMode.Governance, Days = 2 } },
                },
            },
            Cancel);
        string version = (await S3.PutObjectAsync(new PutObjectRequest { BucketName = Locked, Key = "d", ContentBody = "x" }, Cancel)).VersionId;
        GetObjectRetentionResponse retention = await S3.GetObjectRetentionAsync(new GetObjectRetentionRequest { BucketName = Locked, Key = "d" }, Cancel);
        Assert.InRange(retention.Retention.RetainUntilDate!.Value.ToUniversalTime(), DateTime.UtcNow.AddDays(1.9), DateTime.UtcNow.AddDays(2));
        await FailsAsync("AccessDenied", () => S3.DeleteObjectAsync(Locked, "d", version, Cancel));
    }

    [Fact]
    public async Task Nothing_is_locked_in_a_bucket_without_locks()
    {
        await PutAsync("x");
        await FailsAsync("InvalidRequest", () => S3.PutObjectAsync(
            new PutObjectRequest { BucketName = Bucket, Key = "x", ContentBody = "x", ObjectLockMode = ObjectLockMode.Governance, ObjectLockRetainUntilDate = DateTime.UtcNow.AddDays(1) }, Cancel));
        await FailsAsync("InvalidRequest", () => S3.GetObjectRetentionAsync(new GetObjectRetentionRequest { BucketName = Bucket, Key = "x" }, Cancel));
        await FailsAsync("InvalidArgument", () => PutAsync("p", ObjectLockMode.Governance, DateTime.UtcNow.AddMinutes(-1)));
    }

    private async Task<string> PutAsync(string key, ObjectLockMode mode, DateTime until) => (await S3.PutObjectAsync(
        new PutObjectRequest { BucketName = Locked, Key = key, ContentBody = "x", ObjectLockMode = mode, ObjectLockRetainUntilDate = until }, Cancel)).VersionId;

    private Task RetainAsync(string key, string version, ObjectLockRetentionMode mode, DateTime until, bool bypass) => S3.PutObjectRetentionAsync(
        new PutObjectRetentionRequest
        {
            BucketName = Locked, Key = key, VersionId = version, BypassGovernanceRetention = bypass,
            Retention = new ObjectLockRetention { Mode = mode, RetainUntilDate = until },
        },
        Cancel);
}
