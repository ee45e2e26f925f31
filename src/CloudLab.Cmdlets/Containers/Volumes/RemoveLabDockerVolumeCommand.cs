using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;

namespace CloudLab.Cmdlets.Containers.Volumes;

/// <summary>Removes volumes with everything in them.</summary>
/// <remarks>
/// <para>A volume that a container uses is an error.</para>
/// <para>Errors: VolumeNotFound, with the nearest names; VolumeInUse, with the containers that use it.</para>
/// </remarks>
/// <example>
/// <para>Removes a volume without asking.</para>
/// <code>Remove-LabDockerVolume movies -Force</code>
/// </example>
/// <example>
/// <para>Shows which volumes would be removed.</para>
/// <code>Remove-LabDockerVolume movies-* -WhatIf</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Volumes.LabDockerVolume, or System.String: name of a volume.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabDockerVolume", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabDockerVolumeCommand : VolumeCommand
{
    /// <summary>Names of volumes; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Volume")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachAsync(Name, async each =>
    {
        if (await ShouldProcessAsync(each.Name, "Remove volume", Force))
        {
            await Store.RemoveAsync(each, cancellation);
        }
    }, cancellation);
}
