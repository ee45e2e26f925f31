using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Removes tags of objects: all of them, or those given by name.</summary>
/// <remarks>
/// <para>With -Name the tags are read first and the others written back, so if two users do this at the same time, one change may be lost. A tag that the object does not
/// have counts as removed. Several objects are processed at once.</para>
/// <para>It asks before each object unless -Force or -Confirm:$false is given.</para>
/// <para>Errors: NoSuchKey; NoSuchVersion; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Removes all tags of everything under a prefix.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Remove-LabObjectTag -Force</code>
/// </example>
/// <example>
/// <para>Removes one tag.</para>
/// <code>Remove-LabObjectTag -Bucket movies -Key data/users.json -Name reviewed -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key, and optionally VersionId.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabObjectTag", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabObjectTagCommand : ObjectsCommand
{
    /// <summary>Names of the tags to remove, case-sensitive; all if omitted.</summary>
    [Parameter(Position = 2)]
    [Alias("TagKey")]
    [ArgumentCompleter(typeof(TagNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (string bucket, string? version) = (Bucket, VersionId);
        string action = Name is null ? "Remove all tags" : "Remove tags " + string.Join(", ", Name);
        return StartEachAsync(
            (key, token) => Tags.RemoveAsync(bucket, key, version, Name, token), target => ShouldProcessAsync(target, action, Force));
    }
}
