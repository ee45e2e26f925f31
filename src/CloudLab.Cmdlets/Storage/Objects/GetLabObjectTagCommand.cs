using System.Management.Automation;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Gets the tags of objects.</summary>
/// <remarks>
/// <para>Writes one object for each key, with all its tags in the property Tag; an object without tags has an empty one. Several objects are queried
/// at once, so they are written in any order. The output can be piped into Set-LabObjectTag.</para>
/// <para>Errors: NoSuchKey; NoSuchVersion; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>The tags of one object.</para>
/// <code>(Get-LabObjectTag -Bucket movies -Key data/users.json).Tag</code>
/// </example>
/// <example>
/// <para>Objects under a prefix that have no tags.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Get-LabObjectTag | Where-Object { $_.Tag.Count -eq 0 }</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key, and optionally VersionId.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabObjectTag")]
[OutputType(typeof(LabObjectTag))]
public sealed class GetLabObjectTagCommand : ObjectsCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (string bucket, string? version) = (Bucket, VersionId);
        return StartEachAsync(async (key, token) => await WriteAsync(await Tags.GetAsync(bucket, key, version, token), token));
    }
}
