using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes the public access blocks of buckets.</summary>
/// <remarks>
/// <para>From then on a policy or an access control list can make the bucket public. It is not an error if there is none.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes it from one bucket, without asking.</para>
/// <code>Remove-LabBucketPublicAccessBlock -Bucket movies -Force</code>
/// </example>
/// <example>
/// <para>Shows what would be done.</para>
/// <code>Get-LabBucket mov* | Remove-LabBucketPublicAccessBlock -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketPublicAccessBlock", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketPublicAccessBlockCommand : RemoveBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IRemovableConfiguration Removable => new BucketPublicAccessBlock(Client);
}
