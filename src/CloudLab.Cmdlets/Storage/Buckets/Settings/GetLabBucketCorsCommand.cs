using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the CORS rules of buckets: which web pages of other origins may use them.</summary>
/// <remarks>
/// <para>Writes each rule as an object, in order: the first one that matches a request applies.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchCORSConfiguration where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The rules of one bucket.</para>
/// <code>Set-LabBucketCors -Bucket movies -Origin https://movies.example; Get-LabBucketCors -Bucket movies</code>
/// </example>
/// <example>
/// <para>The rules that allow pages of any origin.</para>
/// <code>Get-LabBucketCors -Bucket * | Where-Object Origin -Contains '*'</code>
/// </example>
/// <example>
/// <para>Gives another bucket the same rules.</para>
/// <code>New-LabBucket movie-site; Set-LabBucketCors movies -Origin *; Get-LabBucketCors movies | Set-LabBucketCors -Bucket movie-site</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketCors")]
[OutputType(typeof(LabBucketCorsRule))]
public sealed class GetLabBucketCorsCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketCors(Client);
}
