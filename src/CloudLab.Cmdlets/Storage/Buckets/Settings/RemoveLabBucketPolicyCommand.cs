using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes the policies of buckets.</summary>
/// <remarks>
/// <para>From then on only users whose own policies allow it have access. It is not an error if there is none.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes the policy of one bucket.</para>
/// <code>Remove-LabBucketPolicy -Bucket movies</code>
/// </example>
/// <example>
/// <para>Removes the policies of all buckets that have one.</para>
/// <code>Get-LabBucketPolicy -Bucket * | Remove-LabBucketPolicy -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketPolicy", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketPolicyCommand : RemoveBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IRemovableConfiguration Removable => new BucketPolicy(Client);
}
