using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Capacity;

/// <summary>A pod as the scheduler sees it.</summary>
internal sealed class SchedulablePod
{
    // What the DaemonSet controller lets its pods tolerate.
    private static readonly string[] DaemonTolerations = ["not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"];

    // What the scheduler's score counts for a container that requests nothing.
    private static readonly ResourceList Assumed = new() { ["cpu"] = Quantity.FromMilli(100), ["memory"] = Quantity.Parse("200Mi") };

    private readonly (string? Key, string Operator, string Value, string Effect)[] tolerations;

    /// <summary>Reads a pod.</summary>
    /// <param name="shape">The pod.</param>
    /// <param name="isDaemon">Whether it belongs to a DaemonSet.</param>
    public SchedulablePod(PodShape shape, bool isDaemon)
    {
        Spec = shape.Spec;
        Requests = shape.Requests();
        ScoredRequests = shape.Requests(missing: Assumed);
        NodeName = ManifestObjects.Text(shape.Spec, "nodeName");
        IEnumerable<(string?, string, string, string)> own = ManifestObjects.List(shape.Spec, "tolerations").Select(one => (
            ManifestObjects.Text(one, "key"), ManifestObjects.Text(one, "operator") ?? "Equal", ManifestObjects.Text(one, "value") ?? "", ManifestObjects.Text(one, "effect") ?? ""));
        tolerations = [.. own, .. (isDaemon ? DaemonTolerations : []).Select(name => ((string?)("node.kubernetes.io/" + name), "Exists", "", ""))];
        HostPorts = [.. ManifestObjects.List(shape.Spec, "containers").SelectMany(container => ManifestObjects.List(container, "ports"))
            .Where(port => Port(shape.Spec, port) is not (null or "0"))
            .Select(port => (ManifestObjects.Text(port, "protocol") ?? "TCP", ManifestObjects.Text(port, "hostIP") ?? "0.0.0.0", Port(shape.Spec, port)!))];
    }

    /// <summary>Its spec.</summary>
    public JsonObject Spec { get; }

    /// <summary>What it requests.</summary>
    public ResourceList Requests { get; }

    /// <summary>The same with what the scheduler's score assumes for containers that request nothing.</summary>
    public ResourceList ScoredRequests { get; }

    /// <summary>The node that it names; null where it names none.</summary>
    public string? NodeName { get; }

    /// <summary>Ports of the node that it takes.</summary>
    public IReadOnlyList<(string Protocol, string Address, string Port)> HostPorts { get; }

    /// <summary>Whether it goes to a node in spite of a taint.</summary>
    /// <param name="taint">The taint.</param>
    /// <returns>True where it does.</returns>
    public bool Tolerates((string Key, string Value, string Effect) taint) => Array.Exists(tolerations, one =>
        (one.Effect.Length == 0 || one.Effect == taint.Effect)
        && (one.Key is null or "" ? one.Operator == "Exists" : one.Key == taint.Key)
        && (one.Operator == "Exists" || one.Value == taint.Value));

    private static string? Port(JsonObject spec, JsonObject port) =>
        ManifestObjects.Text(port, "hostPort") ?? (ManifestObjects.Text(spec, "hostNetwork") == "true" ? ManifestObjects.Text(port, "containerPort") : null);
}
