using System.Management.Automation;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Removes containers.</summary>
/// <remarks>
/// <para>A running container is an error unless -Force is given, which kills it and asks nothing. Volumes with a name stay; -Volume also removes the nameless volumes
/// of the container.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerRunning.</para>
/// </remarks>
/// <example>
/// <para>Shows which containers that have ended would be removed.</para>
/// <code>Get-LabContainer -State exited | Remove-LabContainer -WhatIf</code>
/// </example>
/// <example>
/// <para>Removes a running container with its nameless volumes.</para>
/// <code>Remove-LabContainer web -Force -Volume</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommon.Remove, "LabContainer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabContainerCommand : ContainerCommand
{
    /// <summary>Kills containers that are running, and does not ask for confirmation.</summary>
    [Parameter]
    [Alias("f")]
    public SwitchParameter Force { get; set; }

    /// <summary>Also removes the nameless volumes of the containers.</summary>
    [Parameter]
    [Alias("Volumes", "v")]
    public SwitchParameter Volume { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (bool force, bool volume) = (Force, Volume);
        return ChangeAsync("Remove container", force, (container, token) => Store.RemoveAsync(container.Name, force, volume, token), false, cancellation);
    }
}
