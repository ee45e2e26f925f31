using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Sets the tags of objects.</summary>
/// <remarks>
/// <para>The given tags replace all tags of the object; an empty hashtable removes them. With -Merge the other tags stay: they are read first and
/// written back, so if two users do this at the same time, one change may be lost. Several objects are processed at once.</para>
/// <para>An object can have at most 10 tags; a name has 1 to 128 characters, a value up to 256. This is checked before anything is sent. Names are case-sensitive.</para>
/// <para>Errors: InvalidTag; NoSuchKey; NoSuchVersion; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Tags everything under a prefix.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Set-LabObjectTag -Tag @{ stage = 'test'; owner = 'lab' }</code>
/// </example>
/// <example>
/// <para>Adds one tag to the existing ones, and shows them all.</para>
/// <code>Set-LabObjectTag -Bucket movies -Key data/users.json -Tag @{ reviewed = '2026-11-26' } -Merge -PassThru</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject or LabObjectTag: anything with Bucket and Key, and optionally VersionId and Tag.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabObjectTag", SupportsShouldProcess = true)]
[OutputType(typeof(LabObjectTag))]
public sealed class SetLabObjectTagCommand : ObjectsCommand
{
    /// <summary>Names and values: <c>@{ stage = 'test' }</c>.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [Alias("Tags", "Tagging")]
    [AllowEmptyCollection]
    [ValidateNotNull]
    public IDictionary Tag { get; set; } = new Hashtable();

    /// <summary>Keeps the other tags that the object has.</summary>
    [Parameter]
    public SwitchParameter Merge { get; set; }

    /// <summary>Writes the resulting tags of the object.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        Dictionary<string, string> tags = PlainObject.Texts(Tag);
        ObjectTags.Validate(tags);
        (string bucket, string? version) = (Bucket, VersionId);
        return StartEachAsync(
            async (key, token) =>
            {
                LabObjectTag written = await Tags.SetAsync(bucket, key, version, tags, Merge, token);
                if (PassThru)
                {
                    await WriteAsync(written, token);
                }
            },
            target => ShouldProcessAsync(target, Merge ? "Add tags" : "Set tags"));
    }
}
