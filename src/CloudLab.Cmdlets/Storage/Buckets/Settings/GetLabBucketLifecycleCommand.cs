using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the lifecycle rules of buckets: what happens to objects as they age.</summary>
/// <remarks>
/// <para>Writes each rule as an object.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchLifecycleConfiguration where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The rules of one bucket.</para>
/// <code>Set-LabBucketLifecycle -Bucket movies -Prefix logs/ -ExpireAfterDays 30; Get-LabBucketLifecycle -Bucket movies</code>
/// </example>
/// <example>
/// <para>The rules of all buckets that remove objects within a week.</para>
/// <code>Get-LabBucketLifecycle -Bucket * | Where-Object { $_.ExpireAfterDays -and $_.ExpireAfterDays -le 7 }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketLifecycle")]
[OutputType(typeof(LabBucketLifecycleRule))]
public sealed class GetLabBucketLifecycleCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketLifecycle(Client);
}
