using System.Management.Automation;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Brings objects back from the archive, so that they can be read.</summary>
/// <remarks>
/// <para>An object of storage class GLACIER or DEEP_ARCHIVE cannot be read before it is restored: the service makes a copy that stays for -Days, and that costs.
/// It takes minutes to days; Get-LabObject -Key tells how far it is (RestoreInProgress, RestoreExpires), and Wait-LabObject -Until waits for it.</para>
/// <para>Status says what came of it: Started; InProgress when it was on its way already, which is no error; Restored when a copy was there
/// already, whose days count anew. Several objects are asked for at once.</para>
/// <para>Errors: InvalidObjectState for an object that is not archived; GlacierExpeditedRetrievalNotAvailable when there is no room for
/// -Tier Expedited; NoSuchKey; NoSuchVersion; AccessDenied; NotImplemented by a server without an archive.</para>
/// </remarks>
/// <example>
/// <para>Shows which objects would be restored.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ | Where-Object StorageClass -in GLACIER, DEEP_ARCHIVE | Restore-LabObject -Days 3 -WhatIf</code>
/// </example>
/// <example>
/// <para>Restores what is archived, as cheaply as can be, and counts what came of it.</para>
/// <code>Get-LabObject -Bucket movies | Where-Object StorageClass -eq GLACIER | Restore-LabObject -Tier Bulk | Group-Object Status</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Objects.LabObject: anything with Bucket and Key, and maybe VersionId.</inputtype>
[Cmdlet(VerbsData.Restore, "LabObject", SupportsShouldProcess = true)]
[OutputType(typeof(LabObjectRestore))]
public sealed class RestoreLabObjectCommand : ObjectsCommand
{
    /// <summary>Days that the copy stays; 1 if left out. 0 for an object of INTELLIGENT_TIERING, which comes back for good.</summary>
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
