using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>A pod of a node that is to be drained.</summary>
/// <param name="Content">The pod.</param>
internal sealed record DrainPod(JsonObject Content)
{
    private JsonObject Metadata => Content.Object("metadata") ?? [];

    public string Name => Metadata.Text("name") ?? "";

    public string Namespace => Metadata.Text("namespace") ?? "";

    public string Uid => Metadata.Text("uid") ?? "";

    /// <summary>The controller that made it; null where none did.</summary>
    public JsonObject? Controller => Metadata.Objects("ownerReferences").FirstOrDefault(owner => owner.Flag("controller"));

    public bool IsFinished => Content.Phase() is "Succeeded" or "Failed";

    /// <summary>A pod of the kubelet's own manifests: it cannot be evicted.</summary>
    public bool IsStatic => Metadata.Object("annotations")?.Text("kubernetes.io/config.mirror") is not null;

    public bool HasEmptyDir => Content.Object("spec")?.Objects("volumes").Any(volume => volume["emptyDir"] is not null) == true;

    public override string ToString() => $"{Namespace}/{Name}";

    /// <summary>What became of it.</summary>
    /// <param name="node">The node.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="reason">Why it is still there.</param>
    /// <returns>The result.</returns>
    public LabPodEviction As(string node, PodEvictionState state, string? reason = null) =>
        new() { Name = Name, Namespace = Namespace, Node = node, State = state, Owner = ResourceParts.Owner(Content), Reason = reason };
}

/// <summary>What a drain does to each pod of a node, by the rules of <c>kubectl drain</c>.</summary>
public sealed class DrainPlan
{
    internal const int MostNames = 10;

    private readonly List<(string Why, string Switch, List<DrainPod> Pods)> refusals;

    private DrainPlan(string node, bool wasCordoned, List<DrainPod> evicted, List<(DrainPod Pod, string Why)> left, List<(string Why, string Switch, List<DrainPod> Pods)> refusals) =>
        (Node, WasCordoned, Evicted, Left, this.refusals) = (node, wasCordoned, evicted, left, refusals);

    /// <summary>Name of the node.</summary>
    public string Node { get; }

    /// <summary>True where the node was cordoned before.</summary>
    public bool WasCordoned { get; }

    internal List<DrainPod> Evicted { get; }

    internal List<(DrainPod Pod, string Why)> Left { get; }

    /// <summary>What it does, for <c>-WhatIf</c>.</summary>
    public string Description => $"Drain: {(WasCordoned ? "" : "cordon, ")}evict {Evicted.Count} {Counted.Noun(Evicted.Count, "pod")}{(Evicted.Count == 0 ? "" : $" ({string.Join(", ", Evicted)})")}"
        + (Left.Count == 0 ? "" : $", leave {Left.Count} ({string.Join(", ", Left.Select(one => $"{one.Pod}, {one.Why}"))})");

    /// <summary>Why the node may not be drained; null where it may.</summary>
    /// <param name="touched">Whether it is cordoned by now.</param>
    /// <returns>An error (<c>DrainRefused</c>) with all pods that prevent it.</returns>
    public LabException? Refusal(bool touched) => refusals.Count == 0 ? null : new LabException(
        LabErrorKind.InvalidData, "DrainRefused",
        $"Node {Node} {(touched ? "is cordoned and none of its pods was touched" : "was not touched")}: "
        + string.Join("; ", refusals.Select(one => $"{one.Pods.Count} {(one.Pods.Count == 1 ? one.Why : Plural(one.Why))} ({SomeOf.Names(one.Pods, MostNames)}); {one.Switch}")) + ".")
    {
        Target = Node,
    };

    /// <summary>Sorts the pods.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="wasCordoned">Whether it was cordoned before.</param>
    /// <param name="pods">Its pods.</param>
    /// <param name="sets">Whether a DaemonSet is there: namespace and name.</param>
    /// <param name="options">How it is drained.</param>
    /// <returns>The plan.</returns>
    internal static DrainPlan Of(string node, bool wasCordoned, IEnumerable<JsonObject> pods, Func<string, string, bool> sets, DrainOptions options)
    {
        List<DrainPod> evicted = [], bare = [], data = [];
        List<(DrainPod Pod, string Why)> left = [];
        foreach (DrainPod pod in pods.Select(content => new DrainPod(content)))
        {
            if (pod.IsStatic)
            {
                left.Add((pod, "a static pod"));
                continue;
            }

            JsonObject? controller = pod.Controller;
            bool fromSet = controller?.Text("kind") == "DaemonSet", orphan = controller is null;
            if (fromSet && !pod.IsFinished)
            {
                if (sets(pod.Namespace, controller!.Text("name") ?? ""))
                {
                    left.Add((pod, "of a DaemonSet"));
                    continue;
                }

                orphan = true;
            }

            bool refused = false;
            if (orphan && !pod.IsFinished && !options.Force)
            {
                bare.Add(pod);
                refused = true;
            }

            if (pod.HasEmptyDir && !pod.IsFinished && !options.DeleteEmptyDirData)
            {
                data.Add(pod);
                refused = true;
            }

            if (!refused)
            {
                evicted.Add(pod);
            }
        }

        List<(string, string, List<DrainPod>)> refusals = [];
        if (bare.Count > 0)
        {
            refusals.Add(("pod has no controller that replaces it", "-Force removes such pods for good", bare));
        }

        if (data.Count > 0)
        {
            refusals.Add(("pod loses its emptyDir data", "-DeleteEmptyDirData allows that", data));
        }

        return new DrainPlan(node, wasCordoned, evicted, left, refusals);
    }

    private static string Plural(string why) => why.Replace("pod has", "pods have", StringComparison.Ordinal).Replace("replaces it", "replaces them", StringComparison.Ordinal)
        .Replace("pod loses its", "pods lose their", StringComparison.Ordinal);
}
