using System.Globalization;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>One metric of a HorizontalPodAutoscaler and its target.</summary>
public sealed class HpaMetricSpec
{
    private string? title;
    private string? found;

    /// <summary>Where the metric comes from.</summary>
    public required HpaMetricType Type { get; init; }

    /// <summary>Resource (cpu, memory) or name of the metric.</summary>
    public required string Name { get; init; }

    /// <summary>Container, of a ContainerResource metric.</summary>
    public string? Container { get; init; }

    /// <summary>What the target is compared with.</summary>
    public required HpaTargetType TargetType { get; init; }

    /// <summary>The target: percent with Utilization, thousandths (millicores, thousandths of bytes) otherwise.</summary>
    public required long Target { get; init; }

    /// <summary>Kind of the object that an Object metric describes.</summary>
    public string? ObjectKind { get; init; }

    /// <summary>Name of the object that an Object metric describes.</summary>
    public string? ObjectName { get; init; }

    /// <summary>Selector of the metric, as the controller shows it.</summary>
    public string Selector { get; init; } = "nil";

    /// <summary>Key by which loads and samples name the metric: cpu, memory, cpu@container, or the metric's name.</summary>
    public string Key => Type == HpaMetricType.ContainerResource ? $"{Name}@{Container}" : Name;

    /// <summary>True for metrics that each pod has one of.</summary>
    internal bool IsPerPod => Type is HpaMetricType.Resource or HpaMetricType.ContainerResource or HpaMetricType.Pods;

    /// <summary>True where the time since a pod started decides whether it counts.</summary>
    internal bool IsCpu => Type is HpaMetricType.Resource or HpaMetricType.ContainerResource && Name == "cpu";

    /// <summary>What the controller calls the metric in its events.</summary>
    internal string Title => title ??= Type switch
    {
        HpaMetricType.Pods => $"pods metric {Name}",
        HpaMetricType.Object when TargetType == HpaTargetType.Value => $"{ObjectKind} metric {Name}",
        HpaMetricType.Object or HpaMetricType.External => $"external metric {Name}({Selector})",
        _ when TargetType == HpaTargetType.AverageValue => $"{Name} resource",
        HpaMetricType.ContainerResource => $"{Name} container resource utilization (percentage of request)",
        _ => $"{Name} resource utilization (percentage of request)",
    };

    /// <summary>Message of the condition ScalingActive where this metric decided.</summary>
    internal string Found => found ??= $"the HPA was able to successfully calculate a replica count from {Title}";

    /// <summary>Reason of the condition ScalingActive where this metric failed.</summary>
    internal string FailureReason => Type switch
    {
        HpaMetricType.Resource => "FailedGetResourceMetric",
        HpaMetricType.ContainerResource => "FailedGetContainerResourceMetric",
        HpaMetricType.Pods => "FailedGetPodsMetric",
        HpaMetricType.Object => "FailedGetObjectMetric",
        _ => "FailedGetExternalMetric",
    };

    /// <summary>A value or target as people write it.</summary>
    /// <param name="value">Percent or thousandths, as <see cref="Target"/>.</param>
    /// <returns>Text such as 50%, 120m, 200Mi.</returns>
    public string Show(long value) => TargetType == HpaTargetType.Utilization
        ? value.ToString(CultureInfo.InvariantCulture) + "%"
        : Quantity.FromMilli(value, Name == "memory" && IsPerPod ? QuantityFormat.BinarySI : QuantityFormat.DecimalSI).ToString();

    /// <inheritdoc/>
    public override string ToString() => Key;
}
