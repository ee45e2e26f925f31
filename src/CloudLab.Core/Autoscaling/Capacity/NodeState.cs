using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Capacity;

/// <summary>A node with the pods on it, and the scheduler's filters: plugins of kube-scheduler 1.36, in their order.</summary>
internal sealed class NodeState
{
    private const string HostNameLabel = "kubernetes.io/hostname";

    private readonly HashSet<(string Protocol, string Address, string Port)> hostPorts = [];
    // What the pods request, with what the score assumes for containers that request nothing.
    private readonly ResourceList assigned = [];
    private readonly JsonObject labels;
    private readonly (string Key, string Value, string Effect)[] taints;

    /// <summary>Reads a node.</summary>
    /// <param name="json">A Node.</param>
    public NodeState(JsonObject json)
    {
        Name = ManifestObjects.Text(json["metadata"], "name") ?? "";
        JsonObject? status = json["status"] as JsonObject;
        Allocatable = ResourceList.Read(status?["allocatable"] ?? status?["capacity"], $"Node {Name}: status.allocatable");
        if (!Allocatable.ContainsKey("cpu") || !Allocatable.ContainsKey("memory"))
        {
            throw ManifestObjects.Invalid("NodeInvalid", $"Node {Name} has no status.allocatable with cpu and memory: give a Node as Get-LabResource nodes shows it, or -Cpu, -Memory and -Count.");
        }

        // What a kubelet allows if it is not told otherwise.
        Allocatable.TryAdd("pods", Quantity.Parse("110"));
        labels = (json["metadata"] as JsonObject)?["labels"] as JsonObject ?? [];
        taints = [.. ManifestObjects.List(json["spec"], "taints").Select(taint => (
            ManifestObjects.Text(taint, "key") ?? "", ManifestObjects.Text(taint, "value") ?? "", ManifestObjects.Text(taint, "effect") ?? ""))];
        IsUnschedulable = ManifestObjects.Text(json["spec"], "unschedulable") == "true";
    }

    /// <summary>A copy, to try on.</summary>
    /// <param name="other">The original.</param>
    private NodeState(NodeState other)
    {
        Name = other.Name;
        Allocatable = other.Allocatable;
        labels = other.labels;
        taints = other.taints;
        IsUnschedulable = other.IsUnschedulable;
        Used = new(other.Used);
        assigned = new(other.assigned);
        hostPorts = [.. other.hostPorts];
        Pods = other.Pods;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What pods may request together.</summary>
    public ResourceList Allocatable { get; }

    /// <summary>What they request.</summary>
    public ResourceList Used { get; } = [];

    /// <summary>How many pods there are.</summary>
    public int Pods { get; private set; }

    private bool IsUnschedulable { get; }

    /// <summary>A copy, to try on.</summary>
    /// <returns>The copy.</returns>
    public NodeState Copy() => new(this);

    /// <summary>What is free of a resource.</summary>
    /// <param name="resource">Resource.</param>
    /// <returns>The amount; below 0 where more is requested than there is.</returns>
    public Quantity Free(string resource) => Allocatable.Of(resource) - (resource == "pods" ? Quantity.FromMilli(Pods * 1000L) : Used.Of(resource));

    /// <summary>Why a pod cannot go here: the reasons of the first filter that refuses.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>The scheduler's words; none where it can.</returns>
    public List<string> Refusals(SchedulablePod pod) => Outside(pod) is { } reason ? [reason] : Insufficient(pod);

    /// <summary>What there is too little of for a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>The scheduler's words; none where it fits.</returns>
    public List<string> Insufficient(SchedulablePod pod)
    {
        List<string> lacking = [];
        if (Free("pods") < Quantity.FromMilli(1000))
        {
            lacking.Add("Too many pods");
        }

        lacking.AddRange(pod.Requests.Where(request => request.Value.Sign > 0 && request.Value > Free(request.Key))
            .OrderBy(request => request.Key is "cpu" ? 0 : request.Key is "memory" ? 1 : 2).Select(request => "Insufficient " + request.Key));
        return lacking;
    }

    /// <summary>Why a pod cannot go here for other reasons than amounts.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>The scheduler's words; null where it can.</returns>
    public string? Outside(SchedulablePod pod) =>
        IsUnschedulable && !pod.Tolerates(("node.kubernetes.io/unschedulable", "", "NoSchedule")) ? "node(s) were unschedulable"
        : pod.NodeName is { } name && name != Name ? "node(s) didn't match the requested node name"
        : Array.Exists(taints, taint => taint.Effect is "NoSchedule" or "NoExecute" && !pod.Tolerates(taint)) ? "node(s) had untolerated taint(s)"
        : !MatchesAffinity(pod.Spec) ? "node(s) didn't match Pod's node affinity/selector"
        : pod.HostPorts.Any(port => hostPorts.Any(used => Collide(used, port))) ? "node(s) didn't have free ports for the requested pod ports"
        : null;

    /// <summary>Puts a pod here.</summary>
    /// <param name="pod">The pod.</param>
    public void Place(SchedulablePod pod)
    {
        Pods++;
        Used.Add(pod.Requests);
        assigned.Add(pod.ScoredRequests);
        hostPorts.UnionWith(pod.HostPorts);
    }

    /// <summary>The scheduler's score of the node for a pod.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="most">Whether the fullest node is the best, not the emptiest.</param>
    /// <returns>0 to 100: the mean of CPU and memory.</returns>
    public long Score(SchedulablePod pod, bool most)
    {
        long score = 0;
        foreach ((string resource, int unit) in ((string, int)[])[("cpu", -3), ("memory", 0)])
        {
            long there = Allocatable.Of(resource).ScaledValue(unit), taken = (assigned.Of(resource) + pod.ScoredRequests.Of(resource)).ScaledValue(unit);
            score += there == 0 || (taken > there && !most) ? 0 : most ? (long)((Int128)Math.Min(taken, there) * 100 / there) : (long)((Int128)(there - taken) * 100 / there);
        }

        return score / 2;
    }

    private static bool Collide((string Protocol, string Address, string Port) one, (string Protocol, string Address, string Port) other) =>
        one.Protocol == other.Protocol && one.Port == other.Port && (one.Address == other.Address || one.Address == "0.0.0.0" || other.Address == "0.0.0.0");

    private bool MatchesAffinity(JsonObject spec)
    {
        foreach ((string key, JsonNode? value) in spec["nodeSelector"] as JsonObject ?? [])
        {
            if (Label(key) != value?.ToString())
            {
                return false;
            }
        }

        JsonObject? required = ((spec["affinity"] as JsonObject)?["nodeAffinity"] as JsonObject)?["requiredDuringSchedulingIgnoredDuringExecution"] as JsonObject;
        return required is null || ManifestObjects.List(required, "nodeSelectorTerms").Any(term =>
            (term["matchExpressions"] is JsonArray { Count: > 0 } || term["matchFields"] is JsonArray { Count: > 0 })
            && ManifestObjects.List(term, "matchExpressions").All(one => Selects(one, Label(ManifestObjects.Text(one, "key") ?? "")))
            && ManifestObjects.List(term, "matchFields").All(one => Selects(one, ManifestObjects.Text(one, "key") == "metadata.name" ? Name : null)));
    }

    private string? Label(string key) => labels[key]?.ToString() ?? (key == HostNameLabel ? Name : null);

    private static bool Selects(JsonObject one, string? value)
    {
        string[] values = [.. (one["values"] as JsonArray ?? []).Select(v => v?.ToString() ?? "")];
        return ManifestObjects.Text(one, "operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => Compare(value, values) > 0,
            "Lt" => Compare(value, values) < 0,
            var other => throw ManifestObjects.Invalid("ManifestInvalid", $"'{other}' is not an operator of a node affinity: write In, NotIn, Exists, DoesNotExist, Gt or Lt."),
        };
    }

    private static int? Compare(string? value, string[] values) => values.Length == 1
        && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long left)
        && long.TryParse(values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long right) ? left.CompareTo(right) : null;
}
