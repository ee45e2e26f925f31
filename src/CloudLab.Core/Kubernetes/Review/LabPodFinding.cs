using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Review;

/// <summary>How much a finding matters.</summary>
public enum FindingImportance
{
    /// <summary>It keeps pods from running.</summary>
    Cause,

    /// <summary>It may, or it did before.</summary>
    Warning,

    /// <summary>Worth knowing.</summary>
    Note,
}

/// <summary>One thing that troubles a pod or workload, and what to do about it.</summary>
public sealed record LabPodFinding
{
    /// <summary>How much it matters.</summary>
    public required FindingImportance Importance { get; init; }

    /// <summary>What it is, in one stable word: <c>ImageNotFound</c>, <c>OutOfMemory</c>, <c>QuotaExceeded</c>.</summary>
    public required string Problem { get; init; }

    /// <summary>The container; null where it is about the whole pod.</summary>
    public string? Container { get; init; }

    /// <summary>What is wrong.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public required string Action { get; init; }

    /// <summary>The pods that have it.</summary>
    public IReadOnlyList<string> Pods { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    // Among those that matter alike, which one explains the others.
    internal int Rank { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Problem}: {Message}";
}
