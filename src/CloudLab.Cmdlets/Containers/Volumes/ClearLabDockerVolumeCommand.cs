using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Core.Containers.Volumes;

namespace CloudLab.Cmdlets.Containers.Volumes;

/// <summary>Removes the volumes that no container uses, with everything in them.</summary>
/// <remarks>
/// <para>Containers that are not running count as users, too. Volumes with a name stay unless -All is given. -WhatIf names each volume; the removed ones are written.</para>
/// <para>Errors: VolumeInUse when a container has taken one meanwhile.</para>
/// </remarks>
/// <example>
/// <para>Shows what would be removed.</para>
/// <code>Clear-LabDockerVolume -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes the unused volumes with a label.</para>
/// <code>Clear-LabDockerVolume -Label team=movies -Force</code>
/// </example>
[Cmdlet(VerbsCommon.Clear, "LabDockerVolume", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(LabDockerVolume))]
public sealed class ClearLabDockerVolumeCommand : VolumeCommand
{
    /// <summary>Also removes volumes that were given a name.</summary>
    [Parameter]
    [Alias("a")]
    public SwitchParameter All { get; set; }

    /// <summary>Only volumes with these labels: <c>team</c> or <c>team=movies</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerLabelCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation) => await ForEachAsync(
        await Store.UnusedAsync(All, Label, cancellation),
        async volume =>
        {
            if (await ShouldProcessAsync(volume.Name, "Remove volume", Force))
            {
                await Store.RemoveAsync(volume, cancellation);
                await WriteAsync(volume, cancellation);
            }
        },
        volume => volume.Name);
}
