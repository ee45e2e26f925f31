namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>Settings of the recommender: its flags, with their defaults.</summary>
public sealed record VpaSettings
{
    /// <summary>All defaults.</summary>
    public static VpaSettings Default { get; } = new();

    /// <summary>What is added to each estimate, as a fraction (<c>--recommendation-margin-fraction</c>).</summary>
    public double SafetyMargin { get; init; } = 0.15;

    /// <summary>Least CPU of a pod, in millicores (<c>--pod-recommendation-min-cpu-millicores</c>).</summary>
    public double PodMinCpuMilli { get; init; } = 25;

    /// <summary>Least memory of a pod, in MiB (<c>--pod-recommendation-min-memory-mb</c>).</summary>
    public double PodMinMemoryMb { get; init; } = 250;

    /// <summary>Percentiles of CPU.</summary>
    public VpaPercentiles Cpu { get; init; } = new(0.5, 0.9, 0.95);

    /// <summary>Percentiles of memory.</summary>
    public VpaPercentiles Memory { get; init; } = new(0.5, 0.9, 0.95);

    /// <summary>The history of CPU that gives a confidence of 1 (<c>--confidence-interval-cpu</c>).</summary>
    public TimeSpan CpuConfidenceInterval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The history that gives memory a confidence of 1 (<c>--confidence-interval-memory</c>).</summary>
    public TimeSpan MemoryConfidenceInterval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Time in which a sample loses half of its weight.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The interval of which one peak of memory counts.</summary>
    public TimeSpan MemoryInterval { get; init; } = TimeSpan.FromHours(24);

    /// <summary>What memory is multiplied by after the container ran out of it (<c>--oom-bump-up-ratio</c>).</summary>
    public double OomRatio { get; init; } = 1.2;

    /// <summary>What is added to memory at least after the container ran out of it, in bytes (<c>--oom-min-bump-up-bytes</c>).</summary>
    public double OomMinBytes { get; init; } = 100 * 1024 * 1024;
}

/// <summary>The share of samples that each of the three values covers.</summary>
/// <param name="Lower">Lower bound.</param>
/// <param name="Target">Target.</param>
/// <param name="Upper">Upper bound.</param>
public sealed record VpaPercentiles(double Lower, double Target, double Upper);
