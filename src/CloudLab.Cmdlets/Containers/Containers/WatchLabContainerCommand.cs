using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Writes what happens to containers, as it happens: created, started, died, healthy.</summary>
/// <remarks>
/// <para>Runs until Ctrl+C, until Select-Object has seen enough, or until -Until. With -Type it watches images, networks and volumes too.</para>
/// <para>Errors: DockerAnswerBroken when the engine stops.</para>
/// </remarks>
/// <example>
/// <para>Shows the exit code of a container that has died, or dies.</para>
/// <code>Stop-LabContainer web; Watch-LabContainer web -Action die -Since 1m | Select-Object -First 1 -ExpandProperty ExitCode</code>
/// </example>
/// <example>
/// <para>Lists what happened in the last hour.</para>
/// <code>Watch-LabContainer -Since 1h -Until 0s</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, or System.String: name or id of a container.</inputtype>
[Cmdlet(VerbsCommon.Watch, "LabContainer")]
[OutputType(typeof(LabDockerEvent))]
public sealed class WatchLabContainerCommand : DockerCommand
{
    private readonly List<string> names = [];

    /// <summary>Names or ids of containers; all if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Container", "ContainerName")]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Name { get; set; }

    /// <summary>Only these actions: <c>start</c>, <c>die</c>, <c>oom</c>, <c>health_status</c>.</summary>
    [Parameter]
    [Alias("Event")]
    [ArgumentCompleter(typeof(EventActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Action { get; set; } = [];

    /// <summary>Types of things to watch; containers if omitted.</summary>
    [Parameter]
    [ValidateSet("container", "image", "network", "volume", "daemon", "builder")]
    public string[] Type { get; set; } = [];

    /// <summary>Only containers with these labels: <c>team</c> or <c>team=movies</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerLabelCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Also what happened since this time: a date and time, or how long ago (<c>1h</c>).</summary>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Ends at this time: a date and time, or how long ago.</summary>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Until { get; set; }

    /// <inheritdoc/>
    protected override void OnProcess() => names.AddRange(Name ?? []);

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation) => WriteAllAsync(
        new ContainerEvents(Lab).WatchAsync(
            new ContainerEventQuery { Containers = names, Actions = Action, Types = [.. Type.Select(type => type.ToLowerInvariant())], Labels = Label, Since = Since, Until = Until },
            cancellation),
        cancellation);
}
