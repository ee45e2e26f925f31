using System.Management.Automation;
using CloudLab.Cmdlets.Identity.Policies;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets the policies of buckets: who is allowed to do what.</summary>
/// <remarks>
/// <para>-Policy takes a policy document, a hashtable, an object from ConvertFrom-Json, JSON text or the path of a JSON file. It is checked
/// before anything is sent: each statement needs a Principal and a Resource. It replaces the existing policy.</para>
/// <para>A policy that denies everyone also denies its author: then only the root user of the account can remove it.</para>
/// <para>Errors: MalformedPolicyDocument, with the line and column or the element; PolicyFileUnreadable; MalformedPolicy from the service, for a
/// resource that is not in this bucket or a principal that it does not know; AccessDenied, also where Set-LabBucketPublicAccessBlock forbids
/// public policies; NoSuchBucket.</para>
/// </remarks>
/// <example>
/// <para>Lets everyone read the objects below data/.</para>
/// <code>New-LabPolicyDocument -Bucket movies -Prefix data/ -Access Read -Principal * | Set-LabBucketPolicy movies</code>
/// </example>
/// <example>
/// <para>The same from a file.</para>
/// <code>New-LabPolicyDocument s3:GetObject s3://movies/data/* -Principal * | Set-Content policy.json; Set-LabBucketPolicy -Bucket movies -Policy policy.json -PassThru</code>
/// </example>
/// <inputtype>CloudLab.Core.Identity.Policies.LabBucketPolicy; or System.String: name of a bucket; or, with -Bucket, CloudLab.Core.Identity.Policies.PolicyDocument.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketPolicy", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketPolicy))]
public sealed class SetLabBucketPolicyCommand : SetBucketConfigurationCommand
{
    private string json = "";

    /// <summary>The policy, with a Principal and a Resource in each statement.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public object? Policy { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => BucketPolicy;

    private BucketPolicy BucketPolicy => new(Client);

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        json = PolicyArgument.Read(this, nameof(Policy), Policy, PolicyKind.Resource)!.ToJson(indented: false);

        // A policy from the pipeline, without a bucket beside it.
        if (Bucket is [['{', ..]])
        {
            throw new LabException(LabErrorKind.InvalidArgument, "BucketMissing", "Which bucket? Name it: … | Set-LabBucketPolicy movies.");
        }
    }

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => BucketPolicy.SetAsync(bucket, json, cancellation);

    /// <inheritdoc/>
    protected override ISessionItem ToOutput(string bucket, object found) => PolicyArgument.ToBucketPolicy(bucket, (string)found, Reporter);
}
