using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the default encryption of buckets.</summary>
/// <remarks>
/// <para>It applies to new objects that do not specify their encryption. Amazon encrypts every bucket, so there it always exists.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: ServerSideEncryptionConfigurationNotFoundError where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The encryption of one bucket.</para>
/// <code>Set-LabBucketEncryption -Bucket movies; Get-LabBucketEncryption -Bucket movies</code>
/// </example>
/// <example>
/// <para>Buckets that do not use KMS.</para>
/// <code>Get-LabBucketEncryption -Bucket * | Where-Object Algorithm -NotLike aws:kms*</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketEncryption")]
[OutputType(typeof(LabBucketEncryption))]
public sealed class GetLabBucketEncryptionCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketEncryption(Client);
}
