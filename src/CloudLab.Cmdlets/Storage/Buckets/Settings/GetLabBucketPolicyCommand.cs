using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Gets the policies of buckets: who is allowed to do what.</summary>
/// <remarks>
/// <para>The property Policy is the JSON text as stored by the service, Document the same as an object, and Statement its statements.</para>
/// <para>A bucket given by its exact name that has none is an error; with wildcards such buckets are skipped. Several buckets are queried at the same
/// time, so results come in any order.</para>
/// <para>Errors: NoSuchBucketPolicy where there is none; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The statements of a bucket's policy.</para>
/// <code>Set-LabBucketPolicy movies (New-LabPolicyDocument s3:GetObject s3://movies/* -Principal *); (Get-LabBucketPolicy -Bucket movies).Statement</code>
/// </example>
/// <example>
/// <para>Buckets that are open to everyone.</para>
/// <code>Get-LabBucketPolicy -Bucket * | Where-Object { $_.Statement.Where({ $_.Effect -eq 'Allow' -and "$($_.Principal)" -eq '*' }) }</code>
/// </example>
/// <example>
/// <para>Gives another bucket the same policy. A policy contains the name of its bucket, which must be replaced.</para>
/// <code>New-LabBucket movie-site; Set-LabBucketPolicy movies (New-LabPolicyDocument s3:GetObject s3://movies/* -Principal *); Set-LabBucketPolicy movie-site ((Get-LabBucketPolicy movies).Policy -replace 's3:::movies\b', 's3:::movie-site')</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucketPolicy")]
[OutputType(typeof(LabBucketPolicy))]
public sealed class GetLabBucketPolicyCommand : GetBucketConfigurationCommand
{
    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => new BucketPolicy(Client);

    /// <inheritdoc/>
    protected override ISessionItem ToOutput(string bucket, object found) => PolicyArgument.ToBucketPolicy(bucket, (string)found, Reporter);
}
