using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Review;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>One thing that troubles a node, and what to do about it.</summary>
public sealed record LabNodeFinding
{
    /// <summary>How much it matters.</summary>
    public required FindingImportance Importance { get; init; }

    /// <summary>What it is, in one stable word: <c>NodeUnreachable</c>, <c>DiskPressure</c>, <c>Overcommitted</c>.</summary>
    public required string Problem { get; init; }

    /// <summary>What is wrong.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public required string Action { get; init; }

    /// <summary>Pods that it is about: <c>namespace/name</c>.</summary>
    public IReadOnlyList<string> Pods { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <inheritdoc/>
    public override string ToString() => $"{Problem}: {Message}";
}
