using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Puts read-only folders and a writable one together to one folder, as the layers of an image and a container are.</summary>
/// <remarks>
/// <para>Where several layers have a file, the one of the topmost layer is seen. Everything that is written goes to the writable layer, and Get-LabOverlayChange says how. Without
/// -UpperPath nothing can be written.</para>
/// <para>The writable layer and the work folder must be on one file system, one with extended attributes that is no overlay itself: a folder within a container is one. Missing folders are
/// made, except for read-only layers.</para>
/// <para>Linux only; needs root.</para>
/// <para>Errors: LinuxNeeded, RootNeeded; LayerNotFound; WorkPathUnused; OverlayInvalid with what the kernel does not take; OverlayFailed where a folder cannot be made.</para>
/// </remarks>
/// <example>
/// <para>Puts two read-only layers and a writable one together.</para>
/// <code>Mount-LabOverlay -LowerPath ./app, ./base -UpperPath ./changes -Path ./merged</code>
/// </example>
/// <example>
/// <para>Deletes a file, and shows that it is still in its layer, hidden by a whiteout.</para>
/// <code>$overlay = Mount-LabOverlay -LowerPath ./base -UpperPath ./changes -Path ./merged
/// Remove-Item ./merged/readme.txt
/// $overlay | Get-LabOverlayChange
/// $overlay | Dismount-LabOverlay</code>
/// </example>
[Cmdlet(VerbsData.Mount, "LabOverlay", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(LabOverlay))]
public sealed class MountLabOverlayCommand : LabCommand
{
    private LabOverlay overlay = null!;

    /// <summary>Read-only layers, the topmost first.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Lower")]
    [ValidateNotNullOrEmpty]
    public string[] LowerPath { get; set; } = [];

    /// <summary>Where to mount the overlay.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The writable layer; nothing can be written if omitted.</summary>
    [Parameter]
    [Alias("Upper")]
    [ValidateNotNullOrEmpty]
    public string? UpperPath { get; set; }

    /// <summary>An empty folder for the kernel, on the file system of -UpperPath; the path of -UpperPath with .work if omitted.</summary>
    [Parameter]
    [Alias("Work")]
    [ValidateNotNullOrEmpty]
    public string? WorkPath { get; set; }

    /// <summary>Lets nothing be written: -UpperPath is then one more read-only layer, the topmost.</summary>
    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (WorkPath is not null && (UpperPath is null || ReadOnly))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "WorkPathUnused", "-WorkPath needs -UpperPath without -ReadOnly: only an overlay that can be written has a work folder.");
        }

        string? upper = UpperPath is null ? null : FilePath.Of(this, UpperPath);
        IEnumerable<string> lower = LowerPath.SelectMany(path => FilePath.Meant(this, path));
        overlay = ReadOnly && upper is not null
            ? OverlayMounts.Plan([upper, .. lower], null, null, FilePath.Of(this, Path))
            : OverlayMounts.Plan([.. lower], upper, WorkPath is null ? null : FilePath.Of(this, WorkPath), FilePath.Of(this, Path));
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (await ShouldProcessAsync(overlay.Path, $"Mount overlay of {overlay.LowerPath}{(overlay.UpperPath is { } upper ? $" with the writable layer {upper}" : "")}"))
        {
            OverlayMounts.Mount(overlay);
            await WriteAsync(overlay, cancellation);
        }
    }
}
