using System.Management.Automation;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Lists what was changed in overlays, and how the writable layer holds each change.</summary>
/// <remarks>
/// <para>A read-only layer never changes. A new file is in the writable layer (New); a file that is modified is copied there first (CopyUp); a file that is deleted is hidden by a
/// whiteout, a character device with the number 0 (Whiteout); a directory that is made anew hides the former one with all that is in it (Opaque). UpperPath is what stands for the change,
/// LowerPath the file as it was.</para>
/// <para>Linux only; whiteouts and opaque directories can be told only as root.</para>
/// <para>Errors: LinuxNeeded; OverlayNotFound.</para>
/// </remarks>
/// <example>
/// <para>Lists the changes of an overlay.</para>
/// <code>Get-LabOverlayChange ./merged</code>
/// </example>
/// <example>
/// <para>Lists what was deleted, and in which layer it still is.</para>
/// <code>Get-LabOverlay "$PWD/*" | Get-LabOverlayChange | Where-Object Change -EQ Deleted | Select-Object Path, LowerPath</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Isolation.LabOverlay, or System.String: where an overlay is mounted.</inputtype>
/// <seealso cref="GetLabOverlayCommand"/>
/// <seealso cref="MountLabOverlayCommand"/>
/// <seealso cref="Containers.GetLabContainerChangeCommand"/>
[Cmdlet(VerbsCommon.Get, "LabOverlayChange")]
[OutputType(typeof(LabOverlayChange))]
public sealed class GetLabOverlayChangeCommand : OverlayCommand
{
    /// <inheritdoc/>
    private protected override async Task WorkAsync(LabOverlay overlay, CancellationToken cancellation)
    {
        foreach (LabOverlayChange change in OverlayMounts.Changes(overlay))
        {
            await WriteAsync(change, cancellation);
        }
    }
}
