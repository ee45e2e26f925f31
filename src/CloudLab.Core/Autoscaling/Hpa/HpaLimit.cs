namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What kept an autoscaler from the number of replicas that the metric alone asks for.</summary>
public enum HpaLimit
{
    /// <summary>Nothing: the metric decided.</summary>
    None,

    /// <summary>The lowest number of replicas allowed.</summary>
    MinReplicas,

    /// <summary>The highest number of replicas allowed.</summary>
    MaxReplicas,

    /// <summary>How fast it may scale up: the policies, or twice the replicas (at least 4) without any.</summary>
    ScaleUpRate,

    /// <summary>How fast it may scale down: the policies.</summary>
    ScaleDownRate,

    /// <summary>Recommendations in the window for scaling up or down.</summary>
    Stabilization,

    /// <summary>A metric that could not be read.</summary>
    FailedMetric,

    /// <summary>Autoscaling is off: there are 0 replicas.</summary>
    Disabled,
}
