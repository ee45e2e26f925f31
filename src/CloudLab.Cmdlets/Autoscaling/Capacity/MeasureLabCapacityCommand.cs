using System.Collections;
using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Capacity;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Autoscaling.Capacity;

/// <summary>What Measure-LabCapacity writes.</summary>
public enum CapacityGrouping
{
    /// <summary>A row for each node.</summary>
    Node,

    /// <summary>A row for each workload.</summary>
    Workload,
}

/// <summary>Calculates whether the requests of pods fit nodes, what is left, and what of that is stranded.</summary>
/// <remarks>
/// <para>
/// Places pods as kube-scheduler of Kubernetes 1.36 does, without a cluster: by their requests, not by what they use. A pod is not placed on a node that is
/// unschedulable, has a taint that the pod does not tolerate, does not match its nodeSelector and required node affinity, whose host ports are taken, or that
/// has too little left of CPU, memory, pods, ephemeral storage or an extended resource such as nvidia.com/gpu. Init containers, sidecars, resources of the pod as a whole and overhead
/// are counted as the scheduler counts them; LimitRanges among the objects fill in what containers lack.
/// </para>
/// <para>
/// Among the nodes that fit, a pod goes to the emptiest, by the mean of free CPU and memory: the score LeastAllocated, the scheduler's default. With -Placement MostAllocated it goes to the fullest (best fit), which leaves whole
/// nodes free. Of equal nodes the first is taken, where the scheduler chooses at random; its other scores (balance, images, spreading, preferred affinity), pod affinity, topology spread constraints, volumes, priority and preemption are left out.
/// Pods are placed in the order of the input; a pod with spec.nodeName runs there already and comes first.
/// </para>
/// <para>
/// Nodes are Node objects (Get-LabResource nodes), or are made up with -Cpu, -Memory and -Count: what is allocatable, not what the machine has. Workloads count with their replicas; a DaemonSet with
/// a pod on each node that it may go to. If both the pods of a running Deployment and its manifest are given, both count: give one of them. Free resources are stranded if none of the given pods fits the
/// node, because something else is used up.
/// </para>
/// <para>
/// The default is a row for each node, and a warning in the scheduler's words for each workload with pods that do not fit; -By Workload writes a row for each workload instead, with the number of further
/// replicas that would fit.
/// </para>
/// <para>Errors: NoNode, NodeInvalid, NodeTwice, NoWorkload, ManifestInvalid, ManifestNotFound, ManifestUnreadable, NoManifest, NodeSizeMissing, InvalidQuantity. Pods that do not fit are a result and not an error.</para>
/// </remarks>
/// <example>
/// <para>Do the workloads fit three nodes of 2 cores and 4 GiB?</para>
/// <code>Measure-LabCapacity shop.yaml -Cpu 2 -Memory 4Gi -Count 3</code>
/// </example>
/// <example>
/// <para>Which workloads do not fit, and how many more replicas would.</para>
/// <code>Measure-LabCapacity nodes.yaml, shop.yaml -By Workload | Format-List Name, PodCount, PlacedPodCount, MorePodCount, Message</code>
/// </example>
/// <example>
/// <para>The same packed tightly, so that nodes stay free.</para>
/// <code>Measure-LabCapacity shop.yaml -Cpu 2 -Memory 4Gi -Count 3 -Placement MostAllocated</code>
/// </example>
/// <inputtype>Objects of Kubernetes: YAML or JSON text, hashtables, output of Get-LabResource, or files from Get-ChildItem.</inputtype>
/// <seealso cref="Quota.MeasureLabQuotaCommand"/>
/// <seealso cref="Kubernetes.Nodes.GetLabNodeCommand"/>
[Cmdlet(VerbsDiagnostic.Measure, "LabCapacity")]
[OutputType(typeof(LabNodeCapacity), typeof(LabPodPlacement))]
public sealed class MeasureLabCapacityCommand : ManifestInputCommand
{
    /// <summary>CPU of each node that is made up, as in 2 or 1930m.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Cpu { get; set; }

    /// <summary>Memory of each node that is made up, as in 4Gi.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Memory { get; set; }

    /// <summary>How many nodes are made up.</summary>
    [Parameter]
    [ValidateRange(1, 10_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int Count { get; set; } = 1;

    /// <summary>Most pods on each node that is made up.</summary>
    [Parameter]
    [ValidateRange(0, 10_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int MaxPods { get; set; } = 110;

    /// <summary>Other resources of each node that is made up, as in @{ 'nvidia.com/gpu' = 1 }.</summary>
    [Parameter]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Resource { get; set; }

    /// <summary>Where a pod goes among the nodes that fit: LeastAllocated as by the scheduler's default, MostAllocated to fill nodes.</summary>
    [Parameter]
    public PodPlacement Placement { get; set; }

    /// <summary>Node for a row for each node, Workload for a row for each workload.</summary>
    [Parameter]
    public CapacityGrouping By { get; set; }

    /// <inheritdoc/>
    private protected override string Wanted => "give manifests of pods or workloads and of nodes, as in Measure-LabCapacity nodes.yaml, web.yaml, or -Cpu, -Memory and -Count in place of nodes";

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        List<JsonObject> objects = await ReadAsync(cancellation);
        objects.AddRange(MadeUp());
        CapacityCalculator calculator = new(objects, Placement);
        if (By == CapacityGrouping.Workload)
        {
            await WriteManyAsync(calculator.Workloads, cancellation);
            return;
        }

        foreach (LabPodPlacement workload in calculator.Workloads.Where(workload => !workload.Fits))
        {
            Reporter.Warning(workload.Reason);
        }

        await WriteManyAsync(calculator.Nodes, cancellation);
    }

    private IEnumerable<JsonObject> MadeUp()
    {
        if (Cpu is null && Memory is null)
        {
            return Resource is null && !MyInvocation.BoundParameters.ContainsKey(nameof(Count)) ? [] : throw Missing();
        }

        if (Cpu is null || Memory is null)
        {
            throw Missing();
        }

        Dictionary<string, string> amounts = PlainObject.Texts(Resource);
        amounts["cpu"] = Cpu;
        amounts["memory"] = Memory;
        amounts["pods"] = MaxPods.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Enumerable.Range(1, Count).Select(number => new JsonObject
        {
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = $"node-{number}" },
            ["status"] = new JsonObject { ["allocatable"] = new JsonObject(amounts.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))) },
        });
    }

    private static LabException Missing() => new(LabErrorKind.InvalidArgument, "NodeSizeMissing", "Give both -Cpu and -Memory for nodes that are made up, as in -Cpu 2 -Memory 4Gi -Count 3.");
}
