using CloudLab.Core.Common;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Kubernetes.Review;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>What is known of a node, and what troubles it.</summary>
public sealed record LabNodeReport
{
    /// <summary>Name of the node.</summary>
    public required string Name { get; init; }

    /// <summary>Its state in a word: <c>Ready</c>, <c>NotReady</c>, <c>Ready,SchedulingDisabled</c>.</summary>
    public required string? State { get; init; }

    /// <summary>Version of its kubelet.</summary>
    public string? Version { get; init; }

    /// <summary>Version of the API server.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>When its kubelet last renewed its lease; null where it has none.</summary>
    public DateTimeOffset? LastHeartbeat { get; init; }

    /// <summary>How far the node's clock is ahead of the API server's; negative where it is behind. Null where it cannot be told.</summary>
    public TimeSpan? ClockSkew { get; init; }

    /// <summary>What is worst, in a sentence; null where nothing is wrong.</summary>
    public string? Cause => Findings is [{ Severity: > FindingSeverity.Low } first, ..] ? first.Message : null;

    /// <summary>What to do about it; null where nothing is wrong.</summary>
    public string? Action => Cause is null ? null : Findings[0].Action;

    /// <summary>Everything that was found, the most important first.</summary>
    public required IReadOnlyList<LabNodeFinding> Findings { get; init => field = TextList.Of(value); }

    /// <summary>What is allocated of what pods may request, one line a resource.</summary>
    public required IReadOnlyList<string> Allocation { get; init => field = TextList.Of(value); }

    /// <summary>What is used now, one line a resource; empty where the cluster has no metrics.</summary>
    public IReadOnlyList<string> Usage { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Taints.</summary>
    public IReadOnlyList<string> Taints { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Number of pods on it that have not ended.</summary>
    public int PodCount { get; init; }

    /// <summary>The latest events of the node, the latest first.</summary>
    public IReadOnlyList<string> Events { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Cause ?? State ?? "nothing found"}";
}
