using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Reads the logs of pods, line by line.</summary>
/// <remarks>
/// <para>
/// Each line is an object with its pod, container, time and text. A workload, a service or a label selector means all of its pods, however many; without -Follow their
/// logs are written one after the other.
/// </para>
/// <para>
/// With -Follow all are followed at the same time: pods that start later join, and a container that starts again goes on. It ends with the pod, or with the Job, that is named;
/// for other workloads and for a selector, when they are removed or with Ctrl+C.
/// </para>
/// <para>
/// A connection that breaks, or an API server that restarts, costs no line and repeats none. After a pause in which the node replaced its log file, earlier lines are read
/// no more than with kubectl.
/// </para>
/// <para>
/// Of a pod with several containers the log of the one is read that the annotation kubectl.kubernetes.io/default-container names, or of the first.
/// </para>
/// <para>Errors: NotFound, with the nearest names; PodContainerNotFound; ContainerNotStarted with the reason; NoPreviousContainer; NoPodsOfKind; FollowPrevious; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>The last ten lines of each pod of a deployment.</para>
/// <code>Get-LabPodLog deploy/movies -Namespace movies -Tail 10</code>
/// </example>
/// <example>
/// <para>Follows all pods with a label, and ends after two lines.</para>
/// <code>Get-LabPodLog -LabelSelector app=movies -Namespace movies -Follow | Select-Object -First 2</code>
/// </example>
/// <example>
/// <para>The lines of the last ten minutes, of all containers, in the order of their times.</para>
/// <code>Get-LabPodLog svc/movies -Namespace movies -AllContainers -Since 10m | Sort-Object Time</code>
/// </example>
/// <inputtype>Names of pods, or objects with Kind, Name and Namespace, such as Get-LabResource and Deploy-LabManifest write.</inputtype>
/// <seealso cref="Review.DebugLabPodCommand"/>
/// <seealso cref="Resources.GetLabEventCommand"/>
/// <seealso cref="InvokeLabPodCommand"/>
[Cmdlet(VerbsCommon.Get, "LabPodLog")]
[OutputType(typeof(LabPodLogLine))]
public sealed class GetLabPodLogCommand : PodCommand
{
    /// <summary>Containers, those for initialization and debugging included; wildcards are allowed.</summary>
    [Parameter]
    [Alias("c")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PodContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Container { get; set; }

    /// <summary>Reads all containers, those for initialization and debugging included.</summary>
    [Parameter]
    public SwitchParameter AllContainers { get; set; }

    /// <summary>Waits for further lines.</summary>
    [Parameter]
    [Alias("f", "Wait")]
    public SwitchParameter Follow { get; set; }

    /// <summary>Reads the log of the run before the present one, of a container that has started again.</summary>
    [Parameter]
    [Alias("p")]
    public SwitchParameter Previous { get; set; }

    /// <summary>Only this number of lines from the end of each log.</summary>
    [Parameter]
    [Alias("Last")]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Only lines from this time on: a date and time, or how long ago (<c>10m</c>, <c>1h30m</c>).</summary>
    [Parameter]
    [Alias("SinceTime")]
    [PointInTime]
    public DateTimeOffset? Since { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => Follow ? 1000 : 1;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        if (Follow && Previous)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "FollowPrevious", "-Previous reads the log of a run that has ended, which cannot be followed: leave out -Follow or -Previous.");
        }
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        WildcardPattern[]? patterns = Container is null ? null : [.. Container.Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase))];
        PodLogQuery query = new()
        {
            Follow = Follow,
            Previous = Previous,
            Tail = Tail,
            Since = Since,
            IsContainer = AllContainers ? static _ => true : patterns is null ? null : name => patterns.Any(pattern => pattern.IsMatch(name)),
            Containers = Container is null ? null : string.Join(", ", Container),
        };
        return ForEachSelectionAsync(target => StartAsync(target.Name, async token =>
        {
            await foreach (PodLogOutcome outcome in Pods.LogAsync(target, query, Reporter, token))
            {
                if (outcome.Problem is { } problem)
                {
                    WriteProblem(problem, problem.Target);
                }
                else
                {
                    await WriteManyAsync(outcome.Lines, token);
                }
            }
        }), cancellation);
    }
}
