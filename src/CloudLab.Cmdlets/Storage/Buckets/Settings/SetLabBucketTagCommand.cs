using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets tags of buckets.</summary>
/// <remarks>
/// <para>Tags that are not named stay as they are, unless -Replace is given. The service replaces all tags at once, so two users who change
/// different tags at the same time can undo each other's change.</para>
/// <para>Errors: InvalidTag when a name or value breaks a rule, or when there are more than 50, before anything is sent; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Adds or changes a tag.</para>
/// <code>Set-LabBucketTag -Bucket movies -Tag @{ team = 'film' }</code>
/// </example>
/// <example>
/// <para>Gives a bucket the tags of another, and no others.</para>
/// <code>New-LabBucket movie-copy; Set-LabBucketTag movies @{ team = 'film' }; Get-LabBucketTag movies | Set-LabBucketTag -Bucket movie-copy -Replace -PassThru</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketTags; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketTag", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketTags))]
public sealed class SetLabBucketTagCommand : SetBucketConfigurationCommand
{
    /// <summary>Names and values: <c>@{ team = 'film'; cost = 42 }</c>.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public IDictionary? Tag { get; set; }

    /// <summary>Removes all other tags.</summary>
    [Parameter]
    public SwitchParameter Replace { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Tagging;

    private BucketTagging Tagging => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation)
    {
        Dictionary<string, string> tags = PlainObject.Texts(Tag);
        return Replace ? Tagging.SetAsync(bucket, tags, cancellation) : Tagging.AddAsync(bucket, tags, cancellation);
    }
}
