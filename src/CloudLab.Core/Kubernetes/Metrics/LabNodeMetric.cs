namespace CloudLab.Core.Kubernetes.Metrics;

/// <summary>What a node uses, beside what pods may request on it.</summary>
public sealed record LabNodeMetric
{
    /// <summary>Name of the node.</summary>
    public required string Name { get; init; }

    /// <summary>Context of the kubeconfig that it was read with; null in a pod.</summary>
    public string? Context { get; init; }

    /// <summary>CPU that is used, in thousandths of a core.</summary>
    public required long CpuMillicores { get; init; }

    /// <summary>CPU that pods may request, in thousandths of a core.</summary>
    public long? CpuAllocatableMillicores { get; init; }

    /// <summary>CPU that is used, in percent of what pods may request.</summary>
    public int? CpuPercent { get; init; }

    /// <summary>Memory that is used.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory that pods may request.</summary>
    public long? MemoryAllocatableBytes { get; init; }

    /// <summary>Memory that is used, in percent of what pods may request.</summary>
    public int? MemoryPercent { get; init; }

    /// <summary>When it was measured.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Over how long before.</summary>
    public TimeSpan? Window { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
