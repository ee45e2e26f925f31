using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>One revision of a Deployment, StatefulSet or DaemonSet.</summary>
public sealed record LabRolloutRevision
{
    /// <summary>Number of the revision.</summary>
    public required long Revision { get; init; }

    /// <summary>True for the one that is wanted now.</summary>
    public bool Current { get; init; }

    /// <summary>Kind of the workload: <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the workload.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string? Namespace { get; init; }

    /// <summary>Images of the containers.</summary>
    public required IReadOnlyList<string> Images { get; init => field = TextList.Of(value); }

    /// <summary>Pods that have this revision.</summary>
    public long Replicas { get; init; }

    /// <summary>Why it was made: the annotation <c>kubernetes.io/change-cause</c>.</summary>
    public string? ChangeCause { get; init; }

    /// <summary>When it was made first.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>How long ago that was, by this machine's clock, in whole seconds.</summary>
    public TimeSpan? Age => CreationTimestamp is { } created
        ? TimeSpan.FromSeconds(Math.Floor((DateTimeOffset.UtcNow - created).TotalSeconds))
        : null;

    /// <summary>What differs from the revision before it, one path a line; among chosen revisions, from the chosen one before it.</summary>
    public IReadOnlyList<string> Changes { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Name of the ReplicaSet or ControllerRevision that keeps it.</summary>
    public required string Source { get; init; }

    /// <summary>The pod template.</summary>
    public required ResourceMap Template { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} revision {Revision}";
}
