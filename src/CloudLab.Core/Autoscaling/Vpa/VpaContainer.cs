namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>One container of one pod: hands its samples to the aggregate, of memory only the highest of each interval.</summary>
/// <param name="aggregate">Where the samples go.</param>
/// <param name="settings">Settings.</param>
internal sealed class VpaContainer(VpaAggregate aggregate, VpaSettings settings)
{
    private long? lastCpuMs;
    private long? lastMemoryMs;
    private long? windowEndMs;
    private long peak;
    private long oomPeak;

    /// <summary>Adds CPU.</summary>
    /// <param name="milli">Millicores.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    /// <returns>False where the recommender drops the sample: negative, or not after the one before.</returns>
    public bool AddCpu(long milli, long timeMs)
    {
        if (milli < 0 || timeMs <= lastCpuMs)
        {
            return false;
        }

        aggregate.AddCpu(milli, timeMs);
        lastCpuMs = timeMs;
        return true;
    }

    /// <summary>Adds memory.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    /// <returns>False where the recommender drops the sample: negative, or before the one before.</returns>
    public bool AddMemory(long bytes, long timeMs) => AddMemory(bytes, timeMs, isOom: false);

    /// <summary>Adds that the container ran out of memory.</summary>
    /// <param name="requested">Memory that it requested, in bytes.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    /// <returns>False where the recommender drops the event: it is more than an interval older than the last sample.</returns>
    public bool AddOom(long requested, long timeMs)
    {
        if (timeMs < lastMemoryMs - IntervalMs)
        {
            return false;
        }

        aggregate.Ooms++;
        long used = Math.Max(requested, peak);
        return AddMemory(
            Math.Max(used + VpaRecommender.Amount(settings.OomMinBytes), VpaRecommender.Scale(used, settings.OomRatio)), timeMs, isOom: true);
    }

    private long IntervalMs => (long)settings.MemoryInterval.TotalMilliseconds;

    private bool AddMemory(long bytes, long timeMs, bool isOom)
    {
        if (bytes < 0 || (!isOom && timeMs < lastMemoryMs))
        {
            return false;
        }

        lastMemoryMs = timeMs;
        windowEndMs ??= timeMs;
        if (timeMs < windowEndMs)
        {
            long highest = Math.Max(peak, oomPeak);
            if (highest == 0 || bytes <= highest)
            {
                return true;
            }

            aggregate.RemovePeak(highest, windowEndMs.Value);
        }
        else
        {
            windowEndMs += ((timeMs - windowEndMs) / IntervalMs * IntervalMs) + IntervalMs;
            peak = oomPeak = 0;
        }

        aggregate.AddPeak(bytes, windowEndMs.Value);
        (peak, oomPeak) = isOom ? (peak, bytes) : (bytes, oomPeak);
        return true;
    }
}
