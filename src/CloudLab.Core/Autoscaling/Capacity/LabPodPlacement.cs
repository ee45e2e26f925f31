namespace CloudLab.Core.Autoscaling.Capacity;

/// <summary>Where the pods of a workload go, and why the others stay pending.</summary>
public sealed record LabPodPlacement
{
    /// <summary>Namespace of the workload.</summary>
    public required string Namespace { get; init; }

    /// <summary>Kind of the workload.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the workload.</summary>
    public required string Name { get; init; }

    /// <summary>Whether all of its pods fit.</summary>
    public required bool Fits { get; init; }

    /// <summary>How many pods it has.</summary>
    public required int PodCount { get; init; }

    /// <summary>How many of them fit.</summary>
    public required int PlacedPodCount { get; init; }

    /// <summary>How many more of them would fit when all others are placed.</summary>
    public required int MorePodCount { get; init; }

    /// <summary>What one of them requests.</summary>
    public required string Request { get; init; }

    /// <summary>Nodes with the number of pods that go there.</summary>
    public required string Nodes { get; init; }

    /// <summary>The scheduler's words for the first pod that does not fit; null where all fit.</summary>
    public string? Message { get; init; }

    /// <summary>The result in words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
