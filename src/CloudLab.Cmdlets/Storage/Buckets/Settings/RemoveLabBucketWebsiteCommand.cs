using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes the static websites of buckets; the objects stay.</summary>
/// <remarks>
/// <para>It is not an error if there is no website.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes the website of one bucket.</para>
/// <code>Remove-LabBucketWebsite -Bucket movies</code>
/// </example>
/// <example>
/// <para>Removes the websites of all buckets.</para>
/// <code>Get-LabBucketWebsite -Bucket * | Remove-LabBucketWebsite</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketWebsite", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketWebsiteCommand : RemoveBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IRemovableConfiguration Removable => new BucketWebsite(Client);
}
