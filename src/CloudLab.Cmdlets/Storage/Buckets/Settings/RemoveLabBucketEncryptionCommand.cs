using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes the default encryption of buckets.</summary>
/// <remarks>
/// <para>Existing objects stay encrypted. At Amazon new ones are then encrypted with keys managed by S3 (AES256). It is not an error if there is none.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Returns to the default.</para>
/// <code>Remove-LabBucketEncryption -Bucket movies</code>
/// </example>
/// <example>
/// <para>The same for all buckets of a team.</para>
/// <code>Get-LabBucket mov* | Remove-LabBucketEncryption</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketEncryption", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketEncryptionCommand : RemoveBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IRemovableConfiguration Removable => new BucketEncryption(Client);
}
