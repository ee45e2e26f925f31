namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What one container used, in thousandths by resource.</summary>
/// <param name="Name">Name of the container.</param>
/// <param name="Usage">Thousandths by resource.</param>
internal sealed record HpaServedContainer(string Name, IReadOnlyDictionary<string, long> Usage);

/// <summary>What the metrics API (metrics.k8s.io) serves for one pod.</summary>
/// <param name="Pod">Name of the pod.</param>
/// <param name="TimestampMs">When, in Unix milliseconds.</param>
/// <param name="WindowMs">Over how long before.</param>
/// <param name="Containers">Its containers.</param>
internal sealed record HpaServedMetric(string Pod, long TimestampMs, long WindowMs, IReadOnlyList<HpaServedContainer> Containers);

/// <summary>Pods with one metric of theirs.</summary>
internal sealed class HpaPodMetrics
{
    private readonly HpaPodSample[] samples;
    private readonly int strangers;
    private readonly long strangerSum;

    /// <summary>Joins pods and metrics by name.</summary>
    /// <param name="pods">The pods under the selector, in the order of the list.</param>
    /// <param name="metrics">The metrics by pod.</param>
    public HpaPodMetrics(IReadOnlyList<HpaPod> pods, IReadOnlyDictionary<string, HpaPodMetric> metrics)
    {
        samples = new HpaPodSample[pods.Count];
        HashSet<string> known = new(pods.Count, StringComparer.Ordinal);
        for (int i = 0; i < samples.Length; i++)
        {
            known.Add(pods[i].Name);
            samples[i] = new(pods[i], metrics.TryGetValue(pods[i].Name, out HpaPodMetric metric) ? metric : null);
        }

        foreach ((string pod, HpaPodMetric metric) in metrics)
        {
            if (!known.Contains(pod))
            {
                strangers++;
                strangerSum = unchecked(strangerSum + metric.Value);
            }
        }
    }

    /// <summary>The reading of it.</summary>
    /// <param name="values">Values of an Object or External metric.</param>
    /// <param name="error">Why the metric could not be read.</param>
    /// <returns>The reading.</returns>
    public HpaReading Read(ReadOnlySpan<long> values, string? error) =>
        new() { Pods = samples, StrangerCount = strangers, StrangerSum = strangerSum, Values = values, Error = error };

    /// <summary>What the controller makes of served metrics: the sum of the containers, or one of them; a pod where one is missing has none.</summary>
    /// <param name="served">What the metrics API served.</param>
    /// <param name="resource">Resource.</param>
    /// <param name="container">Container; null for whole pods.</param>
    /// <returns>Metrics by pod.</returns>
    public static Dictionary<string, HpaPodMetric> Of(IEnumerable<HpaServedMetric> served, string resource, string? container)
    {
        Dictionary<string, HpaPodMetric> metrics = new(StringComparer.Ordinal);
        foreach (HpaServedMetric item in served)
        {
            long sum = 0;
            bool complete = false;
            foreach (HpaServedContainer one in item.Containers)
            {
                if (container is not null && container != one.Name)
                {
                    continue;
                }

                complete = one.Usage.TryGetValue(resource, out long usage);
                sum = unchecked(sum + usage);
                if (!complete || container is not null)
                {
                    break;
                }
            }

            if (complete)
            {
                metrics[item.Pod] = new(sum, item.TimestampMs, item.WindowMs);
            }
        }

        return metrics;
    }
}
