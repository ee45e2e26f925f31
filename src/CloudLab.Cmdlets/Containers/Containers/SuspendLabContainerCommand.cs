using System.Management.Automation;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Freezes all processes of containers; they keep their memory and connections.</summary>
/// <remarks>
/// <para>Resume-LabContainer lets them run on.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; ContainerNotRunning, ContainerRestarting; DockerConflict when it is suspended already.</para>
/// </remarks>
/// <example>
/// <para>Suspends a container.</para>
/// <code>Suspend-LabContainer web</code>
/// </example>
/// <example>
/// <para>Suspends all containers of a team and lets them run on.</para>
/// <code>Get-LabContainer -Label team=movies | Suspend-LabContainer -PassThru | Resume-LabContainer</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsLifecycle.Suspend, "LabContainer", SupportsShouldProcess = true)]
[OutputType(typeof(LabContainer))]
public sealed class SuspendLabContainerCommand : ContainerCommand
{
    /// <summary>Writes the containers.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) =>
        ChangeAsync("Suspend container", false, (container, token) => Store.SuspendAsync(container.Name, token), PassThru, cancellation);
}
