namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What was measured on one pod. Times are Unix milliseconds.</summary>
/// <param name="Value">Thousandths.</param>
/// <param name="TimestampMs">When.</param>
/// <param name="WindowMs">Over how long before.</param>
internal readonly record struct HpaPodMetric(long Value, long TimestampMs, long WindowMs);

/// <summary>A pod under the selector, with its metric if there is one.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Metric">Its metric; null where it has none.</param>
internal readonly record struct HpaPodSample(HpaPod Pod, HpaPodMetric? Metric);

/// <summary>One metric at one time, as the controller reads it.</summary>
internal readonly ref struct HpaReading
{
    /// <summary>The pods in the order of the controller's list, with what was measured on them.</summary>
    public ReadOnlySpan<HpaPodSample> Pods { get; init; }

    /// <summary>How many measured pods are not in the list.</summary>
    public int StrangerCount { get; init; }

    /// <summary>Sum of what was measured on those.</summary>
    public long StrangerSum { get; init; }

    /// <summary>Values of an Object metric (one) or an External metric (one for each series), in thousandths.</summary>
    public ReadOnlySpan<long> Values { get; init; }

    /// <summary>Why the metric could not be read; null where it could.</summary>
    public string? Error { get; init; }
}

/// <summary>Where the controller reads metrics.</summary>
internal interface IHpaMetricSource
{
    /// <summary>Reads one metric.</summary>
    /// <param name="index">Place of the metric in the spec.</param>
    /// <param name="metric">The metric.</param>
    /// <returns>What there is of it now.</returns>
    HpaReading Read(int index, HpaMetricSpec metric);
}
