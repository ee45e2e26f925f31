using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>
/// Calculates what the recommender of the VerticalPodAutoscaler writes into the status: kubernetes/autoscaler, vertical-pod-autoscaler, equal on every
/// vector of the real one.
/// </summary>
public static class VpaCalculator
{
    /// <summary>Recommends requests for each container.</summary>
    /// <param name="samples">What the containers used.</param>
    /// <param name="manifest">Policies.</param>
    /// <param name="settings">Settings of the recommender.</param>
    /// <param name="hpa">An autoscaler of the same workload, or null.</param>
    /// <returns>A recommendation for each container, by name.</returns>
    public static IReadOnlyList<VpaRecommendation> Recommend(VpaSamples samples, VpaManifest manifest, VpaSettings settings, HpaManifest? hpa = null)
    {
        string[] named = [.. manifest.Policies.Select(policy => policy.Container).Where(name => name != "*")];
        return Recommend(samples.Aggregates(settings, named.Length == 1 ? named[0] : "container"), manifest, settings, hpa);
    }

    /// <summary>Recommends requests for each container.</summary>
    /// <param name="aggregates">What is known of each container.</param>
    /// <param name="manifest">Policies.</param>
    /// <param name="settings">Settings of the recommender.</param>
    /// <param name="hpa">An autoscaler of the same workload, or null.</param>
    /// <returns>A recommendation for each container, by name.</returns>
    internal static IReadOnlyList<VpaRecommendation> Recommend(
        IReadOnlyDictionary<string, VpaAggregate> aggregates, VpaManifest manifest, VpaSettings settings, HpaManifest? hpa)
    {
        int sharing = aggregates.Keys.Count(name => manifest.PolicyFor(name) is not { IsOff: true });
        return [.. aggregates.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => Recommend(one.Key, one.Value, manifest, settings, sharing, hpa))];
    }

    private static VpaRecommendation Recommend(string container, VpaAggregate of, VpaManifest manifest, VpaSettings settings, int sharing, HpaManifest? hpa)
    {
        VpaPolicy policy = manifest.PolicyFor(container) ?? new() { Container = container };
        VpaRecommendation known = new()
        {
            Container = container,
            Confidence = of.Confidence(settings.CpuConfidenceInterval),
            SampleCount = of.Samples,
            History = TimeSpan.FromMilliseconds(of.SpanMs),
            FirstSampleTime = Time(of.FirstMs),
            LastSampleTime = Time(of.LastMs),
            OomCount = of.Ooms,
            Reason = $"The policy of {container} has mode Off: it gets no recommendation.",
        };
        if (policy.IsOff)
        {
            return known;
        }

        bool hasCpu = policy.ControlledResources.Contains("cpu"), hasMemory = policy.ControlledResources.Contains("memory");
        VpaEstimate cpu = VpaRecommender.Cpu(of, settings, sharing), memory = VpaRecommender.Memory(of, settings, sharing);
        VpaWords words = new(of, policy, settings, sharing);
        bool whole = manifest.IntegerCpu.Contains(container);
        string? cpuReason = hasCpu ? words.Cpu(cpu, Cpu(cpu.Target), whole) : null, memoryReason = hasMemory ? words.Memory(memory, Memory(memory.Target)) : null;
        string? conflict = hpa is null ? null : VpaWords.Conflict(hpa.Spec, container, policy.ControlledResources);
        return known with
        {
            CpuTarget = Capped("cpu", Cpu(cpu.Target)),
            CpuLowerBound = Capped("cpu", Cpu(cpu.Lower)),
            CpuUpperBound = Capped("cpu", Cpu(cpu.Upper)),
            CpuUncappedTarget = hasCpu ? Cpu(cpu.Target).CanonicalText : null,
            MemoryTarget = Capped("memory", Memory(memory.Target)),
            MemoryLowerBound = Capped("memory", Memory(memory.Lower)),
            MemoryUpperBound = Capped("memory", Memory(memory.Upper)),
            MemoryUncappedTarget = hasMemory ? Memory(memory.Target).CanonicalText : null,
            CpuReason = cpuReason,
            MemoryReason = memoryReason,
            Conflict = conflict,
            Reason = string.Join(' ', ((string?[])[cpuReason, memoryReason, words.History(), conflict]).Where(sentence => sentence is not null)),
        };

        Quantity Cpu(long milli) => Quantity.FromMilli(milli) is var amount && whole ? Quantity.FromMilli(amount.Value * 1000) : amount;

        string? Capped(string resource, Quantity amount) => policy.ControlledResources.Contains(resource) ? policy.Cap(amount, resource).CanonicalText : null;
    }

    private static Quantity Memory(long bytes) => Quantity.FromMilli(bytes * 1000, QuantityFormat.BinarySI);

    private static DateTimeOffset? Time(long? timeMs) => timeMs is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}
