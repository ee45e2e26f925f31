using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the public access blocks of buckets: the settings that prevent public access.</summary>
/// <remarks>
/// <para>At Amazon the block of the whole account applies as well, which this does not show.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchPublicAccessBlockConfiguration where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The block of one bucket.</para>
/// <code>Set-LabBucketPublicAccessBlock -Bucket movies; Get-LabBucketPublicAccessBlock -Bucket movies</code>
/// </example>
/// <example>
/// <para>Buckets that could be made public by a policy.</para>
/// <code>Get-LabBucketPublicAccessBlock -Bucket * | Where-Object BlockPublicPolicy -EQ $false</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketPublicAccessBlock")]
[OutputType(typeof(LabBucketPublicAccessBlock))]
public sealed class GetLabBucketPublicAccessBlockCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketPublicAccessBlock(Client);
}
