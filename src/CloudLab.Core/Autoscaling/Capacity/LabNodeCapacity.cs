namespace CloudLab.Core.Autoscaling.Capacity;

/// <summary>What the pods on a node request, what is free, and what of that no pod can use.</summary>
public sealed record LabNodeCapacity
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>Pods on it.</summary>
    public required int PodCount { get; init; }

    /// <summary>Most pods on it.</summary>
    public required int MaxPodCount { get; init; }

    /// <summary>CPU that pods may request.</summary>
    public required string CpuAllocatable { get; init; }

    /// <summary>CPU that they request.</summary>
    public required string CpuUsed { get; init; }

    /// <summary>CPU that is free.</summary>
    public required string CpuFree { get; init; }

    /// <summary>Memory that pods may request.</summary>
    public required string MemoryAllocatable { get; init; }

    /// <summary>Memory that they request.</summary>
    public required string MemoryUsed { get; init; }

    /// <summary>Memory that is free.</summary>
    public required string MemoryFree { get; init; }

    /// <summary>Other resources that are free, as in <c>nvidia.com/gpu=1</c>.</summary>
    public required string OtherFree { get; init; }

    /// <summary>What is free and of no use, because none of the pods fits for lack of something else; empty without.</summary>
    public required string Stranded { get; init; }

    /// <summary>The pods: workloads with their numbers.</summary>
    public required string Pods { get; init; }

    /// <summary>The node in words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
