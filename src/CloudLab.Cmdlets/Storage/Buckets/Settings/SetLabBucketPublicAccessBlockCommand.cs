using System.Management.Automation;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets the public access blocks of buckets: prevents public access, regardless of policies and access control lists.</summary>
/// <remarks>
/// <para>All four settings are on unless switched off.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Nothing in the bucket can become public.</para>
/// <code>Set-LabBucketPublicAccessBlock -Bucket movies</code>
/// </example>
/// <example>
/// <para>For a public website: a policy may grant public access, access control lists still may not.</para>
/// <code>Set-LabBucketPublicAccessBlock -Bucket movies -BlockPublicPolicy $false -RestrictPublicBuckets $false -PassThru</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketPublicAccessBlock; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketPublicAccessBlock", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketPublicAccessBlock))]
public sealed class SetLabBucketPublicAccessBlockCommand : SetBucketConfigurationCommand
{
    /// <summary>Whether access control lists that make something public are refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public bool BlockPublicAcls { get; set; } = true;

    /// <summary>Whether existing access control lists that make something public are ignored.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public bool IgnorePublicAcls { get; set; } = true;

    /// <summary>Whether policies that make the bucket public are refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public bool BlockPublicPolicy { get; set; } = true;

    /// <summary>Whether a bucket with a public policy is accessible only to its own account and AWS services.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public bool RestrictPublicBuckets { get; set; } = true;

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Block;

    private BucketPublicAccessBlock Block => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => Block.SetAsync(
        new LabBucketPublicAccessBlock
        {
            Bucket = bucket,
            BlockPublicAcls = BlockPublicAcls,
            IgnorePublicAcls = IgnorePublicAcls,
            BlockPublicPolicy = BlockPublicPolicy,
            RestrictPublicBuckets = RestrictPublicBuckets,
        },
        cancellation);
}
