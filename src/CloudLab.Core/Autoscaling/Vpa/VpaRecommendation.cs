namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>What a VerticalPodAutoscaler would recommend for one container, and why.</summary>
public record VpaRecommendation
{
    /// <summary>The container.</summary>
    public required string Container { get; init; }

    /// <summary>CPU to request, in cores or with the suffix m in thousandths: <c>250m</c>; null where it is not recommended.</summary>
    public string? CpuTarget { get; init; }

    /// <summary>Requests of CPU below this are too low: the updater evicts the pod.</summary>
    public string? CpuLowerBound { get; init; }

    /// <summary>Requests of CPU above this are too high: the updater evicts the pod.</summary>
    public string? CpuUpperBound { get; init; }

    /// <summary>CPU to request if there were no minAllowed and maxAllowed.</summary>
    public string? CpuUncappedTarget { get; init; }

    /// <summary>Memory to request, in bytes unless it has a suffix such as Mi: <c>297164212</c>; null where it is not recommended.</summary>
    public string? MemoryTarget { get; init; }

    /// <summary>Requests of memory below this (in bytes, as <see cref="MemoryTarget"/>) are too low: the updater evicts the pod.</summary>
    public string? MemoryLowerBound { get; init; }

    /// <summary>Requests of memory above this (in bytes, as <see cref="MemoryTarget"/>) are too high: the updater evicts the pod.</summary>
    public string? MemoryUpperBound { get; init; }

    /// <summary>Memory to request if there were no minAllowed and maxAllowed, in bytes as <see cref="MemoryTarget"/>.</summary>
    public string? MemoryUncappedTarget { get; init; }

    /// <summary>How far the history can be trusted: 1 for a day of one sample a minute, 8 for eight days.</summary>
    public required double Confidence { get; init; }

    /// <summary>Number of CPU samples.</summary>
    public required int SampleCount { get; init; }

    /// <summary>Time from the first CPU sample to the last.</summary>
    public required TimeSpan History { get; init; }

    /// <summary>Time of the first CPU sample; null without.</summary>
    public DateTimeOffset? FirstSampleTime { get; init; }

    /// <summary>Time of the last CPU sample; null without.</summary>
    public DateTimeOffset? LastSampleTime { get; init; }

    /// <summary>How many times the container ran out of memory.</summary>
    public int OomCount { get; init; }

    /// <summary>CPU in words.</summary>
    public string? CpuReason { get; init; }

    /// <summary>Memory in words.</summary>
    public string? MemoryReason { get; init; }

    /// <summary>How a HorizontalPodAutoscaler on the same resource works against it; null where none does.</summary>
    public string? Conflict { get; init; }

    /// <summary>The recommendation in words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
