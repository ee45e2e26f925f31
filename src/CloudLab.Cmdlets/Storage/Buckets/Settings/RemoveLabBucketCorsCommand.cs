using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes CORS rules of buckets: all of them, or some.</summary>
/// <remarks>
/// <para>Without -Id all rules are removed, and pages of other origins can no longer use the bucket. It is not an error if no such rule exists.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes all rules.</para>
/// <code>Remove-LabBucketCors -Bucket movies</code>
/// </example>
/// <example>
/// <para>Removes one rule and keeps the others.</para>
/// <code>Set-LabBucketCors movies -Id upload -Origin * -Method PUT; Remove-LabBucketCors movies -Id upload</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketCorsRule, LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketCors", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketCorsCommand : RemoveBucketRulesCommand<LabBucketCorsRule>
{
    /// <inheritdoc/>
    protected override BucketRules<LabBucketCorsRule> Rules => new BucketCors(Client);
}
