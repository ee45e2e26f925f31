using System.Management.Automation;
using System.Text.Json.Nodes;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Quota;

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
/// Decides as admission of the API server of Kubernetes 1.36 does, without a cluster, and refuses in its words. LimitRanges come first: what a container lacks is filled in (a
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
/// none, nothing is used, or what -Existing contains. No cluster is contacted: pipe the output of Get-LabResource for live objects.
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
/// <inputtype>Objects of Kubernetes: YAML or JSON text, hashtables, output of Get-LabResource, or files from Get-ChildItem.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "LabQuota")]
[OutputType(typeof(LabQuotaCheck), typeof(LabQuotaUsage))]
public sealed class MeasureLabQuotaCommand : ManifestInputCommand
{
    private ManifestInput? existing;

    /// <summary>Objects that are in the namespace already, as -Manifest: files, text, output of Get-LabResource. They count as used where a quota has no status.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public object[] Existing { get; set; } = [];

    /// <summary>Namespace of objects that name none; if omitted, the only one that others name, otherwise default.</summary>
    [Parameter]
    [Alias("n", "ns")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? Namespace { get; set; }

    /// <summary>On how many nodes the pods of a DaemonSet run.</summary>
    [Parameter]
    [ValidateRange(0, 100_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int NodeCount { get; set; } = 1;

    /// <summary>Quota for a row for each resource of each quota, Workload for a row for each object that is checked.</summary>
    [Parameter]
    public QuotaGrouping? By { get; set; }

    /// <inheritdoc/>
    private protected override string Wanted => "give manifests of ResourceQuotas and of workloads, as in Measure-LabQuota quota.yaml, web.yaml";

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        existing = new(this);
        foreach (object one in Existing)
        {
            existing.Add(one);
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        List<JsonObject> objects = await ReadAsync(cancellation);
        QuotaCalculator calculator = new(objects, await existing!.ReadAsync(cancellation), Namespace, NodeCount);
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
