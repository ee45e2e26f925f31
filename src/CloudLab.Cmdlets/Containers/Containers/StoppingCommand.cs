using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Base of the cmdlets that stop containers.</summary>
public abstract class StoppingCommand : ContainerCommand
{
    /// <summary>Time until the container is killed: a TimeSpan or a number of seconds. The container's own setting (10 seconds) if omitted.</summary>
    [Parameter]
    [Alias("Time", "t")]
    [Seconds]
    [NotNegative]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Signal to send instead of the container's stop signal: <c>SIGINT</c>.</summary>
    [Parameter]
    [Alias("s")]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Signal { get; set; }

    /// <summary>Writes the containers.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }
}
