namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>Where a metric of a HorizontalPodAutoscaler comes from.</summary>
public enum HpaMetricType
{
    /// <summary>CPU or memory of whole pods.</summary>
    Resource,

    /// <summary>CPU or memory of one container of each pod.</summary>
    ContainerResource,

    /// <summary>A custom metric of each pod.</summary>
    Pods,

    /// <summary>A custom metric of one Kubernetes object.</summary>
    Object,

    /// <summary>A metric from outside the cluster.</summary>
    External,
}
