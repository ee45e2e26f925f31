using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>How the drain of a node ended.</summary>
public sealed record LabNodeDrain
{
    /// <summary>Name of the node.</summary>
    public required string Name { get; init; }

    /// <summary><c>Drained</c>; <c>Draining</c> where its pods were told to end and nobody waited for it; <c>Incomplete</c>.</summary>
    public required string State { get; init; }

    /// <summary>Number of pods that are gone from it.</summary>
    public int MovedCount => Pods.Count(pod => pod.State == PodEvictionState.Evicted);

    /// <summary>Number of pods that should be gone and are not.</summary>
    public int RemainingCount => Pods.Count(IsRemaining);

    /// <summary>Number of pods that a drain does not touch: those of DaemonSets, and static ones.</summary>
    public int LeftCount => Pods.Count(pod => pod.State == PodEvictionState.Left);

    /// <summary>True where it was cordoned before: then somebody else may count on it to stay so.</summary>
    public required bool WasCordoned { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>The pods, those that remain first.</summary>
    public required IReadOnlyList<LabPodEviction> Pods { get; init => field = TextList.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {State}, {MovedCount} moved, {RemainingCount} remain";

    /// <summary>Whether a pod should be gone and is not.</summary>
    /// <param name="pod">The pod.</param>
    /// <returns>True if so.</returns>
    internal static bool IsRemaining(LabPodEviction pod) =>
        pod.State is PodEvictionState.Blocked or PodEvictionState.Terminating or PodEvictionState.Failed or PodEvictionState.Waiting;
}
