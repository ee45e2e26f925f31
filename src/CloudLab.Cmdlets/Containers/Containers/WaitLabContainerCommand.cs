using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage;
using CloudLab.Core.Common.Waiting;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Waits until containers have ended, are healthy, or answer at a port.</summary>
/// <remarks>
/// <para>Checks at once, then at growing intervals up to -PollInterval, and writes each container when it is there, with its exit code if it has ended. Several containers are
/// waited for at the same time. With -Healthy or -Port a container that ends meanwhile is an error at once, with its exit code and the last lines of its log.</para>
/// <para>-Port connects from this machine: to the port as it is published or, with an engine on this machine, to the container itself.</para>
/// <para>Errors: WaitTimeout when time is up, with what was last seen; ContainerEnded, ContainerUnhealthy, ContainerHasNoHealthCheck, PortNotPublished; ContainerNotFound, with the
/// nearest names.</para>
/// </remarks>
/// <example>
/// <para>Runs a web server and waits until it answers.</para>
/// <code>Start-LabContainer movies/site:1.0 -Name web -Publish 8001:8000 | Wait-LabContainer -Port 8000</code>
/// </example>
/// <example>
/// <para>Waits until all containers of a job have ended, and shows those that failed.</para>
/// <code>Get-LabContainer -Label job=import | Wait-LabContainer -Timeout 3600 | Where-Object ExitCode -ne 0</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsLifecycle.Wait, "LabContainer", DefaultParameterSetName = "Exited")]
[OutputType(typeof(LabContainer))]
public sealed class WaitLabContainerCommand : ContainerCommand
{
    /// <summary>Waits until the containers have ended; this is the default.</summary>
    [Parameter(ParameterSetName = "Exited")]
    public SwitchParameter Exited { get; set; }

    /// <summary>Waits until the health check succeeds.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Healthy")]
    public SwitchParameter Healthy { get; set; }

    /// <summary>Waits until this port answers: a port of the container, or the port at which it is published.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Port")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; }

    /// <summary>How long to wait: a TimeSpan or a number of seconds. 100 seconds if omitted; 0 checks once.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = new WaitOptions().Timeout;

    /// <summary>Longest time between two checks: a TimeSpan or a number of seconds. 1 second if omitted; the first checks follow at shorter intervals.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 1000;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        WaitCommand.CheckTimes(Timeout, PollInterval);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        ContainerWait wait = new(Lab, Reporter);
        WaitOptions options = new() { Timeout = Timeout, PollInterval = PollInterval };
        (bool healthy, int port) = (Healthy, Port);
        return ForEachAsync(Name, container => StartAsync(container.Name, async token =>
        {
            LabContainer? then = healthy ? await wait.HealthyAsync(container, options, token)
                : port > 0 ? await wait.AnsweringAsync(container, port, options, token)
                : await wait.ExitedAsync(container, options, token);
            if (then is not null)
            {
                await WriteAsync(then, token);
            }
        }), cancellation);
    }
}
