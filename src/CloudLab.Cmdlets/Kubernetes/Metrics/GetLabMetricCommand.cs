using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Metrics;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Kubernetes.Metrics;

/// <summary>Gets the CPU and memory that pods, containers and nodes use now.</summary>
/// <remarks>
/// <para>The same numbers as kubectl top, from the metrics API (metrics.k8s.io) that metrics-server serves. CPU is in thousandths of a core and memory in bytes, so that Sort-Object and
/// Measure-Object work; beside them are requests, limits and the percentages of both, and for nodes what pods may request. Without a name, the pods of the namespace are meant; nodes
/// and node stand for the nodes; a workload or service (deploy/movies) stands for its pods.</para>
/// <para>A pod has a limit as a whole where each of its containers has one. Timestamp and Window say when and over how long metrics-server measured.</para>
/// <para>Errors: MetricsUnavailable where the cluster has no metrics API, or it does not answer, which ends the command; MetricsMissing for a named pod or node that was not measured yet,
/// or does not run; NotFound; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>The pods of a namespace, those that use the most memory first.</para>
/// <code>Get-LabMetric -Namespace movies | Sort-Object MemoryBytes -Descending</code>
/// </example>
/// <example>
/// <para>A pod that uses 250m of the 500m that it requests. In the emulator, annotations say what is used.</para>
/// <code>
/// 'apiVersion: v1
/// kind: Pod
/// metadata: { name: encoder, annotations: { emulator.cloudlab/cpu: 250m, emulator.cloudlab/memory: 100Mi } }
/// spec: { containers: [{ name: main, image: "encoder:1", resources: { requests: { cpu: 500m } } }] }' | Deploy-LabManifest -Wait
/// Get-LabMetric pod/encoder
/// </code>
/// </example>
/// <example>
/// <para>Containers that are close to their memory limit, in all namespaces.</para>
/// <code>Get-LabMetric pods -AllNamespaces -Container | Where-Object MemoryLimitPercent -gt 90</code>
/// </example>
/// <example>
/// <para>What the nodes use together.</para>
/// <code>Get-LabMetric nodes | Measure-Object CpuMillicores, MemoryBytes -Sum</code>
/// </example>
/// <inputtype>Names, or objects with the properties Kind, Name and Namespace, such as Get-LabPod and Get-LabNode write.</inputtype>
/// <seealso cref="Nodes.GetLabNodeCommand"/>
/// <seealso cref="Resources.GetLabPodCommand"/>
/// <seealso cref="CloudLab.Cmdlets.Autoscaling.Hpa.MeasureHpaReplicasCommand"/>
[Cmdlet(VerbsCommon.Get, "LabMetric")]
[OutputType(typeof(LabPodMetric), typeof(LabNodeMetric))]
public sealed class GetLabMetricCommand : ResourceTargetCommand
{
    private const string ContainerView = "CloudLab.Core.Kubernetes.Metrics.LabPodMetric#Container";

    private readonly Dictionary<KubernetesApi, MetricReader> readers = [];
    private readonly HashSet<KubernetesApi> down = [];
    private readonly List<string> unmeasured = [];

    /// <summary>What is measured: <c>pods</c>, <c>nodes</c>, or a workload or service for its pods; pods if omitted. A name can follow a slash: <c>deploy/movies</c>.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Resource")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[] Kind { get; set; } = [];

    /// <summary>Writes each container, not the whole pod.</summary>
    [Parameter]
    [Alias("Containers")]
    public SwitchParameter Container { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "pods";

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => true;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (down.Contains(target.Api))
            {
                continue;
            }

            try
            {
                await ForEachAsync([target], one => MeasureAsync(one, cancellation), one => one.ToString());
            }
            catch (LabException e) when (e.Code == "MetricsUnavailable" && target.Origin.OneOfSeveral)
            {
                // The other clusters may have metrics.
                down.Add(target.Api);
                WriteProblem(e.Retold($"{e.Message.TrimEnd('.')} (context {target.Origin.Context})."), target.Origin.Context);
            }
        }
    }

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation)
    {
        if (unmeasured.Count > 0)
        {
            Reporter.Warning(
                $"There are no metrics yet of {SomeOf.Names(unmeasured, 10)}: metrics-server measures what is new within a minute.");
        }

        return Task.CompletedTask;
    }

    private async Task MeasureAsync(ResourceTarget target, CancellationToken cancellation)
    {
        if (!readers.TryGetValue(target.Api, out MetricReader? reader))
        {
            readers[target.Api] = reader = new MetricReader(target.Api, target.Object.Context);
        }

        // One of many that are piped is not worth an error.
        bool named = !MyInvocation.ExpectingInput && Asked().Exists(one => one.Names?.Contains(target.Name) == true);
        if (target.Object is LabNode node)
        {
            LabNodeMetric? metric = await reader.NodeAsync(node, cancellation);
            if (metric is not null)
            {
                await WriteAsync(metric, cancellation);
            }
            else if (named)
            {
                throw Missing(
                    target.ToString(),
                    node.State?.StartsWith("Ready", StringComparison.Ordinal) == true ? "metrics-server measures a new node within a minute, and has to reach its kubelet on port 10250" : $"it is {node.State}: Debug-LabNode {node.Name} says why");
            }
            else
            {
                unmeasured.Add($"node {node.Name}");
            }

            return;
        }

        IReadOnlyList<LabResource> pods = target.Object is LabPod ? [target.Object] : await reader.PodsOfAsync(target.Resource, target.Object, cancellation);
        foreach (LabResource pod in pods)
        {
            IReadOnlyList<LabPodMetric> metrics = await reader.PodAsync(pod, AllNamespaces ? null : pod.Namespace, Container, cancellation);
            foreach (LabPodMetric metric in metrics)
            {
                await WriteAsync(Container ? Shown(metric) : metric, cancellation);
            }

            bool running = pod.Status?["phase"] is "Running";
            if (metrics.Count == 0 && named && target.Object is LabPod)
            {
                throw Missing(target.ToString(), running ? "metrics-server measures a new pod within a minute" : $"it is {pod.State}, and only what runs is measured: Debug-LabPod {pod.Name} -Namespace {pod.Namespace} says more");
            }

            if (metrics.Count == 0 && running)
            {
                unmeasured.Add($"pod {pod.Namespace}/{pod.Name}");
            }
        }
    }

    private static LabException Missing(string what, string why) => new(LabErrorKind.NotFound, "MetricsMissing", $"There are no metrics of {what}: {why}.") { Target = what };

    private static PSObject Shown(LabPodMetric metric)
    {
        PSObject shown = new(metric);
        shown.TypeNames.Insert(0, ContainerView);
        return shown;
    }
}
