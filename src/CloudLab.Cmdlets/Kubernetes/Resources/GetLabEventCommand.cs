using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Containers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>Gets what happened to Kubernetes objects, in order.</summary>
/// <remarks>
/// <para>
/// Without a kind or a name: all events of the namespace. With them: the events of these objects and of everything that they own. For a
/// deployment these are its replica sets and their pods, for a cron job its jobs and their pods. The newest event comes last.
/// </para>
/// <para>
/// With -Watch it goes on with each event when it happens, until Ctrl+C or Select-Object -First; pods that come later belong to it, too.
/// A cluster keeps events for an hour unless it is configured otherwise.
/// </para>
/// <para>Errors: NotFound when a name given without wildcards does not exist; KindNotFound when the cluster has no such kind; Forbidden
/// when you are not allowed to read events; NoCluster or ClusterUnreachable, which end the command.</para>
/// </remarks>
/// <example>
/// <para>What happened to a deployment and its pods.</para>
/// <code>Get-LabEvent deploy/movies -Namespace movies</code>
/// </example>
/// <example>
/// <para>Warnings of the last ten minutes in all namespaces, the most frequent first.</para>
/// <code>Get-LabEvent -AllNamespaces -Type Warning -Since 10m | Sort-Object Count -Descending</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabPod writes.</inputtype>
/// <seealso cref="Review.DebugLabPodCommand"/>
/// <seealso cref="Streams.GetLabPodLogCommand"/>
/// <seealso cref="Insight.GetLabResourceTreeCommand"/>
[Cmdlet(VerbsCommon.Get, "LabEvent")]
[OutputType(typeof(LabEvent))]
public sealed class GetLabEventCommand : ResourceTargetCommand
{
    /// <summary>Only events of this type.</summary>
    [Parameter]
    [ValidateSet("Normal", "Warning", IgnoreCase = true)]
    public string? Type { get; set; }

    /// <summary>Only what happened from this time on: a date and time, or how long ago (<c>10m</c>, <c>1h30m</c>).</summary>
    [Parameter]
    [PointInTime]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Goes on after the list: each event is written when it happens.</summary>
    [Parameter]
    public SwitchParameter Watch { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "all";

    // A watch does not end, and the next input is watched beside it.
    /// <inheritdoc/>
    protected override int ConcurrentInputs => Watch ? 1000 : 1;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        // The server compares letter by letter.
        string? type = Type is null ? null : char.ToUpperInvariant(Type[0]) + Type[1..].ToLowerInvariant();
        if (Kind.Length == 0 && Name is null && LabelSelector is null)
        {
            EventQuery query = new(type, Since, FieldSelector);
            foreach (KubeScope scope in Scopes)
            {
                string? ns = AllNamespaces ? null : NamespaceIn(scope);
                await StartAsync(ns, token => WriteEventsAsync(new EventTimeline(scope.Api, scope.Origin), ns, null, query, token));
            }
        }
        else
        {
            // Events about what has no namespace are kept in this one.
            Dictionary<(KubernetesApi Api, ResourceOrigin Origin, string Namespace), List<LabResource>> about = [];
            await foreach (ResourceTarget target in TargetsAsync(cancellation))
            {
                (KubernetesApi, ResourceOrigin, string) key = (target.Api, target.Origin, target.Namespace ?? "default");
                if (!about.TryGetValue(key, out List<LabResource>? list))
                {
                    about[key] = list = [];
                }

                list.Add(target.Object);
            }

            foreach (((KubernetesApi api, ResourceOrigin origin, string ns), List<LabResource> objects) in about)
            {
                EventQuery query = new(type, Since);
                await StartAsync(ns, token => WriteEventsAsync(new EventTimeline(api, origin), ns, objects, query, token));
            }
        }
    }

    private async Task WriteEventsAsync(
        EventTimeline timeline, string? ns, List<LabResource>? about, EventQuery query, CancellationToken cancellation)
    {
        if (Watch)
        {
            await WriteAllAsync(timeline.WatchAsync(ns, about, query, cancellation), cancellation);
        }
        else
        {
            await WriteManyAsync(await timeline.ReadAsync(ns, about, query, cancellation), cancellation);
        }
    }
}
