using System.Globalization;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>Puts a recommendation into words.</summary>
/// <param name="of">What is known of the container.</param>
/// <param name="policy">Its policy.</param>
/// <param name="settings">Settings of the recommender.</param>
/// <param name="sharing">How many containers share the least of a pod.</param>
internal sealed class VpaWords(VpaAggregate of, VpaPolicy policy, VpaSettings settings, int sharing)
{
    /// <summary>How an autoscaler of replicas works against recommendations.</summary>
    /// <param name="hpa">The autoscaler.</param>
    /// <param name="container">The container.</param>
    /// <param name="controlled">Resources that are recommended.</param>
    /// <returns>A sentence; null where it does not.</returns>
    public static string? Conflict(HpaSpec hpa, string container, IReadOnlyList<string> controlled)
    {
        string[] shared = [.. hpa.Metrics
            .Where(metric => metric.TargetType == HpaTargetType.Utilization && controlled.Contains(metric.Name) && (metric.Container is null || metric.Container == container))
            .Select(metric => metric.Name).Distinct(StringComparer.Ordinal)];
        if (shared.Length == 0)
        {
            return null;
        }

        string resource = string.Join(" and ", shared), rest = string.Join(", ", controlled.Except(shared));
        return $"HorizontalPodAutoscaler {hpa.Name} scales on the utilization of {resource}, which is usage divided by the request that the VPA changes: "
            + "a higher request lowers the utilization, pods are removed, each of the others has more to do, and the request rises again. "
            + (rest.Length > 0 ? $"Let the VPA control only {rest} (controlledResources: [{rest}]), or give the HPA another metric." : "Give the HPA another metric, or a target averageValue.");
    }

    /// <summary>CPU in words.</summary>
    /// <param name="estimate">The estimate.</param>
    /// <param name="uncapped">The target before the policy.</param>
    /// <param name="whole">Whether it is rounded up to whole cores.</param>
    /// <returns>A sentence.</returns>
    public string Cpu(VpaEstimate estimate, Quantity uncapped, bool whole) => of.Cpu.IsEmpty
        ? $"CPU: there are no samples, so the target is the least that a container gets, {uncapped}.{Cap(uncapped, "cpu")}"
        : $"CPU: {Percent(settings.Cpu.Target)} of the samples, the newer ones counted more, are below {Milli(estimate.Percentile)}; with a margin of {Percent(settings.SafetyMargin)} that is {Milli(estimate.WithMargin)}."
            + Least(estimate, Milli, $"{settings.PodMinCpuMilli:0.###}m")
            + (whole ? $" An annotation of the VPA rounds it up to whole cores: {uncapped}." : "") + Cap(uncapped, "cpu");

    /// <summary>Memory in words.</summary>
    /// <param name="estimate">The estimate.</param>
    /// <param name="uncapped">The target before the policy.</param>
    /// <returns>A sentence.</returns>
    public string Memory(VpaEstimate estimate, Quantity uncapped) => of.Memory.IsEmpty
        ? $"Memory: there are no samples, so the target is the least that a container gets, {uncapped}.{Cap(uncapped, "memory")}"
        : $"Memory: {Percent(settings.Memory.Target)} of the peaks, one a day for each pod and the newer ones counted more, are below {Bytes(estimate.Percentile)}; with a margin of {Percent(settings.SafetyMargin)} that is {Bytes(estimate.WithMargin)}."
            + (of.Ooms > 0 ? $" It ran out of memory {(of.Ooms == 1 ? "once" : $"{of.Ooms} times")}: that counts as a peak of what it had and {Percent(settings.OomRatio - 1)} more, {Bytes((long)settings.OomMinBytes)} more at least." : "")
            + Least(estimate, Bytes, $"{settings.PodMinMemoryMb:0.###}Mi") + Cap(uncapped, "memory");

    /// <summary>How far the history can be trusted, in words.</summary>
    /// <returns>A sentence.</returns>
    public string History()
    {
        if (of.Samples == 0)
        {
            return "Without CPU samples there is no confidence: the bounds are as wide as they get.";
        }

        double confidence = of.Confidence(settings.CpuConfidenceInterval), days = of.SpanMs / 86_400_000.0;
        string length = days >= 1 ? Number($"{days:0.#} days") : Number($"{days * 24:0.#} hours");
        string few = of.Samples / settings.CpuConfidenceInterval.TotalMinutes < of.SpanMs / settings.CpuConfidenceInterval.TotalMilliseconds * 0.9
            ? ", fewer than one a minute," : "";
        return confidence == 0
            ? $"{Samples()} at one moment gives no confidence: the bounds are as wide as they get."
            : Number($"{Samples()} over {length}{few} give a confidence of {confidence:0.###}, which multiplies the upper bound by {1 + (1 / confidence):0.##}.");
    }

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => Number($"{share * 100:0.##} %");

    private static string Milli(long milli) => Quantity.FromMilli(milli).ToString();

    private static string Bytes(long bytes) => bytes >= 1L << 30 ? Number($"{bytes / (double)(1L << 30):0.##}Gi") : Number($"{bytes / (double)(1L << 20):0.##}Mi");

    private string Samples() => of.Samples == 1 ? "1 sample" : $"{of.Samples} samples";

    private string Least(VpaEstimate estimate, Func<long, string> show, string pod) => estimate.WithMargin >= estimate.Least ? ""
        : $" The least is {show(estimate.Least)}{(sharing > 1 ? $", {pod} of a pod shared by {sharing} containers" : "")}.";

    private string Cap(Quantity uncapped, string resource)
    {
        Quantity capped = policy.Cap(uncapped, resource);
        return capped == uncapped ? "" : $" {(capped > uncapped ? "minAllowed raises" : "maxAllowed lowers")} it to {capped}.";
    }
}
