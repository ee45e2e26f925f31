using System.Management.Automation;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Restores objects from the archive so that they can be read.</summary>
/// <remarks>
/// <para>An object of storage class GLACIER or DEEP_ARCHIVE cannot be read before it is restored: the service creates a copy that is kept for -Days, at a cost.
/// It takes minutes to days; Get-LabObject -Key shows its progress (RestoreInProgress, RestoreExpires), and Wait-LabObject -Until waits for it.</para>
/// <para>Status shows the result: Started; InProgress when a restore was already under way, which is not an error; Restored when a copy already
/// existed, whose period starts again. Several objects are restored at once.</para>
/// <para>Errors: InvalidObjectState for an object that is not archived; GlacierExpeditedRetrievalNotAvailable when there is no capacity for
/// -Tier Expedited; NoSuchKey; NoSuchVersion; AccessDenied; NotImplemented by a server without an archive.</para>
/// </remarks>
/// <example>
/// <para>Shows which objects would be restored.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Where-Object StorageClass -in GLACIER, DEEP_ARCHIVE | Restore-LabObject -Days 3 -WhatIf</code>
/// </example>
/// <example>
/// <para>Restores archived objects as cheaply as possible, and counts the results.</para>
/// <code>Get-LabObject -Bucket movies | Where-Object StorageClass -eq GLACIER | Restore-LabObject -Tier Bulk | Group-Object Status</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key, and optionally VersionId.</inputtype>
[Cmdlet(VerbsData.Restore, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabObjectRestore))]
public sealed class RestoreLabObjectCommand : ObjectsCommand
{
    /// <summary>Days that the copy is kept; 1 if omitted. 0 for an object of INTELLIGENT_TIERING, which is restored permanently.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int Days { get; set; } = 1;

    /// <summary>How fast, and at what price: Standard (hours; the default), Bulk (slower and cheaper) or Expedited (minutes).</summary>
    [Parameter]
    public RestoreTier Tier { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (string bucket, string? version, int? days) = (Bucket, VersionId, Days == 0 ? null : Days);
        string action = days is null ? $"Restore from archive ({Tier})" : $"Restore from archive for {days} day{(days == 1 ? "" : "s")} ({Tier})";
        return StartEachAsync(
            async (key, token) => await WriteAsync(await new ObjectArchive(Client).RestoreAsync(bucket, key, version, days, Tier, token), token),
            target => ShouldProcessAsync(target, action));
    }
}
