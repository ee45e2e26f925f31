using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Enables or suspends versioning: whether buckets keep the old versions of objects.</summary>
/// <remarks>
/// <para>Enabled: objects that are replaced or deleted remain as old versions and are billed like other objects (Set-LabBucketLifecycle removes them after some
/// time). Suspended: old versions stay, new ones are no longer kept. It cannot be set back to Off.</para>
/// <para>Errors: VersioningStays for Off when it has been enabled; InvalidBucketState for Suspended on a bucket with object lock; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Keeps versions from now on.</para>
/// <code>Set-LabBucketVersioning -Bucket movies -Status Enabled -PassThru</code>
/// </example>
/// <example>
/// <para>Stops keeping versions.</para>
/// <code>Get-LabBucket mov* | Set-LabBucketVersioning -Status Suspended</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketVersioning; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketVersioning", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketVersioning))]
public sealed class SetLabBucketVersioningCommand : SetBucketConfigurationCommand
{
    /// <summary>Enabled or Suspended. Off is accepted only if the bucket is already off.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public BucketVersioningStatus Status { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Versioning;

    private BucketVersioning Versioning => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => Versioning.SetAsync(bucket, Status, cancellation);
}
