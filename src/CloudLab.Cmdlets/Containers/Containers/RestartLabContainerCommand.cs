using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Stops containers and starts them again.</summary>
/// <remarks>
/// <para>A container that is not running is started. Changed settings need Set-LabContainer, which makes the container anew.</para>
/// <para>Errors: ContainerNotFound, with the nearest names; PortTaken when another program has taken its port meanwhile.</para>
/// </remarks>
/// <example>
/// <para>Restarts a container and waits until its health check succeeds.</para>
/// <code>Restart-LabContainer web -PassThru | Wait-LabContainer -Healthy</code>
/// </example>
/// <example>
/// <para>Restarts what is unhealthy.</para>
/// <code>Get-LabContainer | Where-Object Health -eq unhealthy | Restart-LabContainer</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsLifecycle.Restart, "LabContainer", SupportsShouldProcess = true)]
[OutputType(typeof(LabContainer))]
public sealed class RestartLabContainerCommand : StoppingCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        (TimeSpan? timeout, string? signal) = (Timeout, Signal);
        return ChangeAsync("Restart container", false, (container, token) => Store.RestartAsync(container.Name, timeout, signal, token), PassThru, cancellation);
    }
}
