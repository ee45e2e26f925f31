using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the tags of buckets.</summary>
/// <remarks>
/// <para>Writes one object for each bucket, whose property Tag maps names to values.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchTagSet where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>One tag of a bucket.</para>
/// <code>Set-LabBucketTag -Bucket movies -Tag @{ team = 'film' }; (Get-LabBucketTag -Bucket movies).Tag.team</code>
/// </example>
/// <example>
/// <para>Buckets by team.</para>
/// <code>Get-LabBucketTag -Bucket * | Group-Object { $_.Tag.team }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketTag")]
[OutputType(typeof(LabBucketTags))]
public sealed class GetLabBucketTagCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketTagging(Client);
}
