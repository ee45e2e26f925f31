using CloudLab.Core.Autoscaling.Hpa;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>How a load is replayed.</summary>
public sealed record HpaReplayOptions
{
    /// <summary>Settings of the controller.</summary>
    public HpaSettings Settings { get; init; } = HpaSettings.Default;

    /// <summary>Time between two steps of the controller.</summary>
    public TimeSpan SyncPeriod { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time from asking for a pod until it is ready.</summary>
    public TimeSpan PodStartup { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How old a metric is when the controller reads it.</summary>
    public TimeSpan MetricLag { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Over how long a metric of a pod is measured.</summary>
    public TimeSpan MetricWindow { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Replicas at the beginning; null for those of the workload, or the lowest number.</summary>
    public int? Replicas { get; init; }

    /// <summary>What a pod requests by resource, in thousandths, in place of the manifest's workload.</summary>
    public IReadOnlyDictionary<string, long>? Requests { get; init; }
}
