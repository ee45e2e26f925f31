using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets whether buckets keep the old versions of objects.</summary>
/// <remarks>
/// <para>Every bucket has a status: Off, Enabled or Suspended. Several buckets are queried at the same time, so results come in any order.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>One bucket.</para>
/// <code>Get-LabBucketVersioning -Bucket movies</code>
/// </example>
/// <example>
/// <para>Enables it for all buckets where it is not enabled.</para>
/// <code>Get-LabBucketVersioning -Bucket * | Where-Object Status -NE Enabled | Set-LabBucketVersioning -Status Enabled</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketVersioning")]
[OutputType(typeof(LabBucketVersioning))]
public sealed class GetLabBucketVersioningCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketVersioning(Client);
}
