using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Base of the cmdlets that take overlays by where they are mounted.</summary>
public abstract class OverlayCommand : LabCommand
{
    private IReadOnlyList<string> paths = [];

    /// <summary>Where the overlay is mounted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Overlay")]
    [ArgumentCompleter(typeof(OverlayCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <inheritdoc/>
    protected override void OnBegin() => LinuxMachine.Require("Overlays are");

    /// <inheritdoc/>
    protected override void OnProcess() => paths = [.. Path.Select(path => FilePath.Of(this, path))];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(paths, path => WorkAsync(OverlayMounts.Find(path), cancellation));

    /// <summary>Works on an overlay.</summary>
    /// <param name="overlay">The overlay.</param>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work.</returns>
    private protected abstract Task WorkAsync(LabOverlay overlay, CancellationToken cancellation);
}
