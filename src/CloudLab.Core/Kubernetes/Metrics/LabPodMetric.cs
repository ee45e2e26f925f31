namespace CloudLab.Core.Kubernetes.Metrics;

/// <summary>What a pod or one of its containers uses, beside what it requests and may use.</summary>
public sealed record LabPodMetric
{
    /// <summary>Name of the pod.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The container; null for the whole pod.</summary>
    public string? Container { get; init; }

    /// <summary>The node that it is on.</summary>
    public string? Node { get; init; }

    /// <summary>Context of the kubeconfig that it was read with; null in a pod.</summary>
    public string? Context { get; init; }

    /// <summary>CPU that is used, in thousandths of a core.</summary>
    public required long CpuMillicores { get; init; }

    /// <summary>CPU that is requested; null where none is.</summary>
    public long? CpuRequestMillicores { get; init; }

    /// <summary>The limit of CPU; null where there is none.</summary>
    public long? CpuLimitMillicores { get; init; }

    /// <summary>CPU that is used, in percent of the request.</summary>
    public int? CpuRequestPercent { get; init; }

    /// <summary>CPU that is used, in percent of the limit: near 100 the container is slowed down.</summary>
    public int? CpuLimitPercent { get; init; }

    /// <summary>Memory that is used.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Memory that is requested; null where none is.</summary>
    public long? MemoryRequestBytes { get; init; }

    /// <summary>The limit of memory; null where there is none.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Memory that is used, in percent of the request.</summary>
    public int? MemoryRequestPercent { get; init; }

    /// <summary>Memory that is used, in percent of the limit: at 100 the container is killed.</summary>
    public int? MemoryLimitPercent { get; init; }

    /// <summary>When it was measured.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Over how long before.</summary>
    public TimeSpan? Window { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Container is null ? $"{Namespace}/{Name}" : $"{Namespace}/{Name}/{Container}";
}
