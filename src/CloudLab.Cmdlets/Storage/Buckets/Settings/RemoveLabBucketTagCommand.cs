using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Removes tags of buckets: all of them, or some.</summary>
/// <remarks>
/// <para>It is not an error if a tag does not exist.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes all tags.</para>
/// <code>Remove-LabBucketTag -Bucket movies</code>
/// </example>
/// <example>
/// <para>Removes two tags and keeps the others.</para>
/// <code>Remove-LabBucketTag -Bucket movies -TagKey draft, until</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabBucketTag", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabBucketTagCommand : RemoveBucketConfigurationCommand
{
    /// <summary>Names of the tags to remove; all tags if omitted.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(BucketTagCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? TagKey { get; set; }

    /// <inheritdoc/>
    protected override IRemovableConfiguration Removable => Tagging;

    /// <inheritdoc/>
    protected override string What => TagKey is null ? base.What : $"{base.What} '{string.Join("', '", TagKey)}'";

    private BucketTagging Tagging => new(Client);

    /// <inheritdoc/>
    protected override Task RemoveAsync(string bucket, CancellationToken cancellation) =>
        TagKey is null ? base.RemoveAsync(bucket, cancellation) : Tagging.RemoveAsync(bucket, TagKey, cancellation);
}
