using Amazon.S3;
using Amazon.S3.Model;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>Whether buckets keep old versions. Every bucket has an answer, so that there is nothing to remove.</summary>
/// <param name="client">The service.</param>
public sealed class BucketVersioning(StorageClient client) : BucketConfiguration<LabBucketVersioning>(client, "versioning", "NoSuchVersioningConfiguration")
{
    /// <summary>Switches versioning on, or suspends it.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="status">The state to have. Off only goes where it never was on.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: VersioningStays, InvalidBucketState (object lock), NoSuchBucket.</returns>
    public async Task SetAsync(string bucket, BucketVersioningStatus status, CancellationToken cancellation = default)
    {
        if (status == BucketVersioningStatus.Off)
        {
            if ((await GetAsync(bucket, cancellation))[0].Status != BucketVersioningStatus.Off)
            {
                throw Invalid(bucket, "VersioningStays", "once enabled, versioning can only be suspended: use -Status Suspended.");
            }

            return;
        }

        PutBucketVersioningRequest request = new()
        {
            BucketName = bucket,
            VersioningConfig = new S3BucketVersioningConfig
            {
                Status = status == BucketVersioningStatus.Enabled ? VersionStatus.Enabled : VersionStatus.Suspended,
            },
        };
        await Client.CallSdkAsync(bucket, s3 => s3.PutBucketVersioningAsync(request, cancellation), cancellation);
    }

    private protected override async Task<IReadOnlyList<LabBucketVersioning>> ReadAsync(string bucket, CancellationToken cancellation)
    {
        GetBucketVersioningResponse answer = await Client.CallSdkAsync(
            bucket, s3 => s3.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = bucket }, cancellation), cancellation);
        return
        [
            new LabBucketVersioning
            {
                Bucket = bucket,
                Status = Enum.TryParse(answer.VersioningConfig?.Status?.Value, out BucketVersioningStatus status) ? status : BucketVersioningStatus.Off,
                MfaDelete = answer.VersioningConfig?.EnableMfaDelete is true,
            },
        ];
    }
}
