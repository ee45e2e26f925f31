using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Isolation;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Lists the overlays that are mounted on this machine: those of Mount-LabOverlay, and those of containers.</summary>
/// <remarks>
/// <para>Linux only. What is mounted in another mount namespace is not listed.</para>
/// <para>Errors: LinuxNeeded; OverlayNotFound for a path without wildcards where no overlay is mounted.</para>
/// </remarks>
/// <example>
/// <para>Lists all overlays with their layers.</para>
/// <code>Get-LabOverlay | Format-List</code>
/// </example>
/// <example>
/// <para>Unmounts all overlays in a folder.</para>
/// <code>Get-LabOverlay "$PWD/*" | Dismount-LabOverlay</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "LabOverlay")]
[OutputType(typeof(LabOverlay))]
public sealed class GetLabOverlayCommand : LabCommand
{
    private IReadOnlyList<string> paths = [];

    /// <summary>Where they are mounted; all if omitted. Wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(OverlayCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void OnBegin() => LinuxMachine.Require("Overlays are");

    /// <inheritdoc/>
    protected override void OnProcess() => paths = [.. Path.Select(path => WildcardPattern.ContainsWildcardCharacters(path) ? path : FilePath.Of(this, path))];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(paths, async path =>
    {
        WildcardPattern pattern = new(path);
        await WriteManyAsync(
            WildcardPattern.ContainsWildcardCharacters(path) ? OverlayMounts.All().Where(overlay => pattern.IsMatch(overlay.Path)) : [OverlayMounts.Find(path)], cancellation);
    });
}
