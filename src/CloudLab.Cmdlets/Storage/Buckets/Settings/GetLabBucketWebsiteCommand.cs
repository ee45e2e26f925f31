using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the static websites of buckets.</summary>
/// <remarks>
/// <para>At Amazon the object also has the address of the website. Other servers use addresses of their own.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchWebsiteConfiguration where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The website of one bucket.</para>
/// <code>Set-LabBucketWebsite -Bucket movies -IndexDocument index.html; Get-LabBucketWebsite -Bucket movies</code>
/// </example>
/// <example>
/// <para>The addresses of all websites.</para>
/// <code>Get-LabBucketWebsite -Bucket * | Select-Object Bucket, Endpoint</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketWebsite")]
[OutputType(typeof(LabBucketWebsite))]
public sealed class GetLabBucketWebsiteCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketWebsite(Client);
}
