using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Autoscaling.Quota;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Autoscaling;

namespace CloudLab.Cmdlets.Autoscaling.Quota;

/// <summary>What Measure-LabQuota writes.</summary>
public enum QuotaGrouping
{
    /// <summary>A row for each resource of each quota.</summary>
    Quota,

    /// <summary>A row for each object that is checked.</summary>
    Workload,
}

/// <summary>Calculates what is left of ResourceQuotas, and whether manifests would fit.</summary>
/// <remarks>
/// <para>
/// Decides as admission of the API server of Kubernetes 1.36 does, and refuses in its words. LimitRanges come first: what a container lacks is filled in (a
/// limit also becomes the request), then min, max and maxLimitRequestRatio of containers, pods and claims are checked. ResourceQuotas come next: a quota on CPU or
/// memory requires each container to name it ("must specify requests.cpu for: web"); then the sum must stay within the quota. Scopes (BestEffort,
/// NotBestEffort, Terminating, NotTerminating, PriorityClass, CrossNamespacePodAffinity, VolumeAttributesClass), counts of objects (pods, count/deployments.apps, services.loadbalancers), storage and storage classes are
/// counted.
/// </para>
/// <para>
/// A pod is charged for its containers and sidecars together, or for an init container that needs more, for resources of the pod as a whole and for its overhead. Workloads are counted with their
/// pods: replicas of Deployment, StatefulSet, ReplicaSet and ReplicationController, the pods that a Job or one run of a CronJob has at a time, one pod on each of -NodeCount nodes for a
/// DaemonSet; and with the claims of a StatefulSet. Where a quota has no room, the API server accepts the Deployment and refuses its pods: AcceptedPodCount is the number that would run.
/// </para>
/// <para>
/// All objects are given together, in any order: quotas and LimitRanges are recognized by their kind, everything else is checked in the order of the input,
/// each with what the ones before it took. What is used already stands in the status of a live quota (Get-LabResource resourcequotas); where there is
/// none, nothing is used, or what -Existing contains.
/// </para>
/// <para>
/// Without a ResourceQuota or LimitRange among the objects, -Namespace means a namespace of the cluster: its quotas are read with what is used now, its LimitRanges, the StorageClasses and the
/// number of nodes. Without any objects the result is what is left there; with objects, whether they fit into it now. Where quotas are given, no cluster is contacted, and -Namespace is that of objects that name none; if omitted,
/// the only one that others name, otherwise default.
/// </para>
/// <para>
/// The default is a row for each object that is checked; without one, or with -By Quota, a row for each resource of each quota.
/// </para>
/// <para>Errors: NoQuota, QuotaInvalid, LimitRangeInvalid, ManifestInvalid, ManifestNotFound, ManifestUnreadable, NoManifest. A manifest that cannot be read ends the command, as the sums
/// would be wrong without it. An object that would be refused is a result and not an error.</para>
/// </remarks>
/// <example>
/// <para>Whether a workload fits into the quota of its namespace, and why.</para>
/// <code>Measure-LabQuota quota.yaml, shop.yaml | Format-List Kind, Name, Fits, AcceptedPodCount, Refusals, Reason</code>
/// </example>
/// <example>
/// <para>What is left, before and after.</para>
/// <code>Measure-LabQuota quota.yaml, shop.yaml -By Quota</code>
/// </example>
/// <example>
/// <para>A manifest against the live quotas of a namespace.</para>
/// <code>Get-LabResource resourcequotas -Namespace default | Measure-LabQuota -Path quota.yaml, shop.yaml</code>
/// </example>
/// <example>
/// <para>What is left in a namespace of the cluster.</para>
/// <code>
/// '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: small }, spec: { hard: { pods: "4", requests.cpu: "2" } } }' | Deploy-LabManifest
/// Measure-LabQuota -Namespace default
/// </code>
/// </example>
/// <inputtype>Objects of Kubernetes: YAML or JSON text, hashtables, output of Get-LabResource, or files from Get-ChildItem.</inputtype>
/// <seealso cref="Capacity.MeasureLabCapacityCommand"/>
/// <seealso cref="Kubernetes.Review.Manifests.TestLabManifestCommand"/>
[Cmdlet(VerbsDiagnostic.Measure, "LabQuota")]
[OutputType(typeof(LabQuotaCheck), typeof(LabQuotaUsage))]
public sealed class MeasureLabQuotaCommand : KubeCommand
{
    private ManifestInput? input;
    private ManifestInput? existing;
    private string? named;

    /// <inheritdoc cref="ManifestInputCommand.Path"/>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <inheritdoc cref="ManifestInputCommand.LiteralPath"/>
    [Parameter]
    [Alias("LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc cref="ManifestInputCommand.Manifest"/>
    [Parameter(ValueFromPipeline = true)]
    [InputAsWritten]
    [AllowNull]
    public object? Manifest { get; set; }

    /// <summary>Objects that are in the namespace already, as -Manifest: files, text, output of Get-LabResource. They count as used where a quota has no status.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public object[] Existing { get; set; } = [];

    /// <summary>On how many nodes the pods of a DaemonSet run.</summary>
    [Parameter]
    [ValidateRange(0, 100_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int NodeCount { get; set; } = 1;

    /// <summary>Quota for a row for each resource of each quota, Workload for a row for each object that is checked.</summary>
    [Parameter]
    public QuotaGrouping? By { get; set; }

    /// <inheritdoc/>
    protected override bool AllOnProcess => true;

    /// <inheritdoc/>
    private protected override bool NeedsCluster => false;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        input = new(this);
        existing = new(this);
        input.AddPaths(Path, LiteralPath);

        foreach (object one in Existing)
        {
            existing.Add(one);
        }

        // Of the command, not of an object that happens to have a property of this name.
        named = MyInvocation.BoundParameters.ContainsKey(nameof(Namespace)) ? Namespace : null;
    }

    /// <inheritdoc/>
    protected override void OnProcess() => input!.Add(Manifest);

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        List<JsonObject> objects = await input!.ReadAsync(cancellation), there = await existing!.ReadAsync(cancellation);
        int nodes = NodeCount;
        if (named is not null && !objects.Concat(there).Any(one => ManifestObjects.IsQuota(one)))
        {
            Namespace = named;
            LiveQuotas live = new(Api);
            HashSet<string> spaces = [.. objects.Select(one => ManifestObjects.Namespace(one) ?? named).DefaultIfEmpty(named)];
            objects.InsertRange(0, await live.ReadAsync(spaces, cancellation));
            nodes = MyInvocation.BoundParameters.ContainsKey(nameof(NodeCount)) ? NodeCount : await live.NodesAsync(cancellation) ?? NodeCount;
        }
        else if (objects.Count == 0)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoManifest",
                "There is nothing to measure: give manifests of ResourceQuotas and of workloads, as in Measure-LabQuota quota.yaml, web.yaml, or -Namespace for the quotas of the cluster.");
        }

        QuotaCalculator calculator = new(objects, there, named, nodes);
        if ((By ?? (calculator.Checks.Count > 0 ? QuotaGrouping.Workload : QuotaGrouping.Quota)) == QuotaGrouping.Workload)
        {
            await WriteManyAsync(calculator.Checks, cancellation);
        }
        else
        {
            await WriteManyAsync(calculator.Usage, cancellation);
        }
    }
}
