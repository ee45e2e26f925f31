using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Stops containers.</summary>
/// <remarks>
/// <para>The engine sends the container's stop signal (SIGTERM) and kills it if it has not ended after -Timeout. A container that is not running stays as
/// it is. Several containers are stopped at the same time.</para>
/// <para>Errors: ContainerNotFound, with the nearest names.</para>
/// </remarks>
/// <example>
/// <para>Stops a container, and kills it if it has not ended after 2 seconds.</para>
/// <code>Stop-LabContainer web -Timeout 2</code>
/// </example>
/// <example>
/// <para>Stops all containers of a team and removes them.</para>
/// <code>Get-LabContainer -Label team=movies | Stop-LabContainer -PassThru | Remove-LabContainer</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsLifecycle.Stop, "LabContainer", SupportsShouldProcess = true)]
[OutputType(typeof(LabContainer))]
public sealed class StopLabContainerCommand : StoppingCommand
{
    /// <summary>Kills the containers at once.</summary>
    [Parameter]
    [Alias("Kill")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (bool kill, TimeSpan? timeout, string? signal) = (Force, Timeout, Signal);
        return ChangeAsync(
            kill ? "Kill container" : "Stop container", false,
            (container, token) => !kill ? Store.StopAsync(container.Name, timeout, signal, token)
                : container.State is "running" or "paused" or "restarting" ? Store.KillAsync(container.Name, signal, token) : Task.CompletedTask,
            PassThru, cancellation);
    }
}
