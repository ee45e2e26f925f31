using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Switches on that buckets keep the old versions of objects, or suspends it.</summary>
/// <remarks>
/// <para>Enabled: what is replaced or deleted stays as an old version, and costs as any other object (Set-LabBucketLifecycle removes it after some
/// time). Suspended: old versions stay, new ones are no longer kept. There is no way back to Off.</para>
/// <para>Errors: VersioningStays for Off where it is on; InvalidBucketState when a bucket with object lock is to be suspended; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Keeps versions from now on.</para>
/// <code>Set-LabBucketVersioning -Bucket movies -Status Enabled -PassThru</code>
/// </example>
/// <example>
/// <para>Keeps no more of them.</para>
/// <code>Get-LabBucket mov* | Set-LabBucketVersioning -Status Suspended</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketVersioning; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketVersioning", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketVersioning))]
public sealed class SetLabBucketVersioningCommand : SetBucketConfigurationCommand
{
    /// <summary>Enabled or Suspended. Off is only taken by a bucket that is off.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    public BucketVersioningStatus Status { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Versioning;

    private BucketVersioning Versioning => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => Versioning.SetAsync(bucket, Status, cancellation);
}
