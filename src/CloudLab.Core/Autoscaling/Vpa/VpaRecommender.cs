namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>
/// The recommender of the VerticalPodAutoscaler: percentiles, margin, confidence, the least that a pod gets. Truncation after each step as in
/// kubernetes/autoscaler, vertical-pod-autoscaler/pkg/recommender/logic.
/// </summary>
internal static class VpaRecommender
{
    private const double LargestAmount = 1e14;

    /// <summary>Estimates CPU of a container.</summary>
    /// <param name="of">What is known of it.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="containers">How many containers share the least of a pod.</param>
    /// <returns>Millicores.</returns>
    public static VpaEstimate Cpu(VpaAggregate of, VpaSettings settings, int containers) => Estimate(
        share => Amount(of.Cpu.Percentile(share) * 1000), settings.Cpu, settings, of.Confidence(settings.CpuConfidenceInterval),
        Scale(Amount(settings.PodMinCpuMilli * 0.001 * 1000), 1.0 / containers));

    /// <summary>Estimates memory of a container.</summary>
    /// <param name="of">What is known of it.</param>
    /// <param name="settings">Settings.</param>
    /// <param name="containers">How many containers share the least of a pod.</param>
    /// <returns>Bytes.</returns>
    public static VpaEstimate Memory(VpaAggregate of, VpaSettings settings, int containers) => Estimate(
        share => Amount(of.Memory.Percentile(share)), settings.Memory, settings, of.Confidence(settings.MemoryConfidenceInterval),
        Scale(Amount(settings.PodMinMemoryMb * 1024 * 1024), 1.0 / containers));

    /// <summary>An amount as the recommender keeps it: whole, cut off, from 0 to 1e14.</summary>
    /// <param name="amount">The number.</param>
    /// <returns>Whole units.</returns>
    internal static long Amount(double amount) => amount > LargestAmount ? (long)LargestAmount : amount > 0 ? (long)amount : 0;

    /// <summary>A multiple of an amount.</summary>
    /// <param name="amount">The amount.</param>
    /// <param name="factor">Factor.</param>
    /// <returns>Whole units, cut off.</returns>
    internal static long Scale(long amount, double factor) => Amount(amount * factor);

    private static VpaEstimate Estimate(Func<double, long> percentile, VpaPercentiles shares, VpaSettings settings, double confidence, long least)
    {
        // The less is known, the further the bounds are from the target: the updater then evicts no pod.
        double lower = VpaHistogram.Power(1 + (0.001 / confidence), -2), upper = 1 + (1 / confidence);
        long target = percentile(shares.Target);
        return new(
            Math.Max(Scale(WithMargin(percentile(shares.Lower)), lower), least),
            Math.Max(WithMargin(target), least),
            Math.Max(Scale(WithMargin(percentile(shares.Upper)), upper), least),
            target, WithMargin(target), least);

        long WithMargin(long amount) => amount + Scale(amount, settings.SafetyMargin);
    }
}

/// <summary>What the recommender estimates, before policies: millicores or bytes.</summary>
/// <param name="Lower">Lower bound.</param>
/// <param name="Target">Target.</param>
/// <param name="Upper">Upper bound.</param>
/// <param name="Percentile">The percentile of the target alone.</param>
/// <param name="WithMargin">The same with the margin.</param>
/// <param name="Least">The least that the container gets.</param>
internal sealed record VpaEstimate(long Lower, long Target, long Upper, long Percentile, long WithMargin, long Least);
