namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What a metric's target is compared with.</summary>
public enum HpaTargetType
{
    /// <summary>Percent of what the pods request.</summary>
    Utilization,

    /// <summary>The average over the pods.</summary>
    AverageValue,

    /// <summary>The value as it is.</summary>
    Value,
}
