using System.Management.Automation;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Unmounts overlays. The layers stay as they are, with what was written.</summary>
/// <remarks>
/// <para>The work folder and the folder of the mount are removed where Mount-LabOverlay made them in this session; the writable layer never is.</para>
/// <para>Linux only; needs root.</para>
/// <para>Errors: LinuxNeeded, RootNeeded; OverlayNotFound; OverlayBusy with the processes that use it; OverlayFailed with what the kernel says.</para>
/// </remarks>
/// <example>
/// <para>Unmounts an overlay.</para>
/// <code>Dismount-LabOverlay ./merged</code>
/// </example>
/// <example>
/// <para>Shows which overlays would be unmounted.</para>
/// <code>Get-LabOverlay "$PWD/*" | Dismount-LabOverlay -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Isolation.LabOverlay, or System.String: where an overlay is mounted.</inputtype>
[Cmdlet(VerbsData.Dismount, "LabOverlay", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(void))]
public sealed class DismountLabOverlayCommand : OverlayCommand
{
    /// <summary>Takes the overlay away from processes that use it, which keep what they have open.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override async Task WorkAsync(LabOverlay overlay, CancellationToken cancellation)
    {
        if (await ShouldProcessAsync(overlay.Path, "Unmount overlay"))
        {
            OverlayMounts.Dismount(overlay, Force);
        }
    }
}
