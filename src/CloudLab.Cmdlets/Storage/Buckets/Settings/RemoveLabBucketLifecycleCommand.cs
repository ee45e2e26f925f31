using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes lifecycle rules of buckets: all of them, or some.</summary>
/// <remarks>
/// <para>Without -Id all rules are removed, and the bucket keeps its objects from then on. It is not an error if no such rule exists.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes all rules.</para>
/// <code>Remove-LabBucketLifecycle -Bucket movies</code>
/// </example>
/// <example>
/// <para>Removes the rules that are disabled.</para>
/// <code>Set-LabBucketLifecycle movies -Prefix old/ -ExpireAfterDays 9 -Disabled; Get-LabBucketLifecycle movies | Where-Object Enabled -EQ $false | Remove-LabBucketLifecycle</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketLifecycleRule, LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketLifecycle", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketLifecycleCommand : RemoveBucketRulesCommand<LabBucketLifecycleRule>
{
    /// <inheritdoc/>
    protected override BucketRules<LabBucketLifecycleRule> Rules => new BucketLifecycle(Client);
}
