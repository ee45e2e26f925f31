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
}
