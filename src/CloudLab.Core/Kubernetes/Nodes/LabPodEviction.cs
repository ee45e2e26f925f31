namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>What became of a pod when its node was drained.</summary>
public enum PodEvictionState
{
    /// <summary>It is gone from the node.</summary>
    Evicted,

    /// <summary>It stays, because a drain does not touch its kind: a DaemonSet's or a static pod.</summary>
    Left,

    /// <summary>It is still there: a disruption budget does not let it go.</summary>
    Blocked,

    /// <summary>It is still there: it was told to end and has not.</summary>
    Terminating,

    /// <summary>It is still there: the server refused to evict it.</summary>
    Failed,

    /// <summary>It is still there: it was not its turn yet.</summary>
    Waiting,

    /// <summary>It came to the node during the drain.</summary>
    Returned,
}

/// <summary>A pod of a node that was drained, and what became of it.</summary>
public sealed record LabPodEviction
{
    /// <summary>Name of the pod.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>What became of it.</summary>
    public required PodEvictionState State { get; init; }

    /// <summary>The controller that made it, as in <c>ReplicaSet/web-5d4c</c>; null where nobody replaces it.</summary>
    public string? Owner { get; init; }

    /// <summary>Why it is still there: the budget and its numbers, finalizers, what the server said. Null where it is gone.</summary>
    public string? Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}: {State}{(Reason is null ? "" : $" ({Reason})")}";
}
