namespace CloudLab.Core.Autoscaling.Vpa;

/// <summary>What is known of the containers of one name: the recommender's aggregate state.</summary>
/// <param name="settings">Settings.</param>
internal sealed class VpaAggregate(VpaSettings settings)
{
    private const double CpuWeight = 0.1;
    private const double MemoryWeight = 1;

    /// <summary>CPU in cores, of every sample.</summary>
    public VpaHistogram Cpu { get; } = VpaHistogram.Cpu(settings.HalfLife);

    /// <summary>Memory in bytes: one peak for each container and interval.</summary>
    public VpaHistogram Memory { get; } = VpaHistogram.Memory(settings.HalfLife);

    /// <summary>Time of the first CPU sample; null without.</summary>
    public long? FirstMs { get; private set; }

    /// <summary>Time of the last CPU sample; null without.</summary>
    public long? LastMs { get; private set; }

    /// <summary>Time from the first CPU sample to the last; 0 without.</summary>
    public long SpanMs => (LastMs ?? 0) - (FirstMs ?? 0);

    /// <summary>Number of CPU samples.</summary>
    public int Samples { get; private set; }

    /// <summary>How many times a container ran out of memory.</summary>
    public int Ooms { get; set; }

    /// <summary>Adds CPU.</summary>
    /// <param name="milli">Millicores.</param>
    /// <param name="timeMs">Unix milliseconds.</param>
    public void AddCpu(long milli, long timeMs)
    {
        Cpu.Add(milli / 1000.0, CpuWeight, timeMs);
        LastMs = LastMs is null || timeMs > LastMs ? timeMs : LastMs;
        FirstMs = FirstMs is null || timeMs < FirstMs ? timeMs : FirstMs;
        Samples++;
    }

    /// <summary>Adds a peak of memory.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="timeMs">End of its interval, in Unix milliseconds.</param>
    public void AddPeak(long bytes, long timeMs) => Memory.Add(bytes, MemoryWeight, timeMs);

    /// <summary>Takes a peak back that a higher one replaces.</summary>
    /// <param name="bytes">Bytes.</param>
    /// <param name="timeMs">End of its interval, in Unix milliseconds.</param>
    public void RemovePeak(long bytes, long timeMs) => Memory.Subtract(bytes, MemoryWeight, timeMs);

    /// <summary>Adds all that another one knows.</summary>
    /// <param name="other">The other one.</param>
    public void Merge(VpaAggregate other)
    {
        Cpu.Merge(other.Cpu);
        Memory.Merge(other.Memory);
        FirstMs = FirstMs is null || other.FirstMs < FirstMs ? other.FirstMs ?? FirstMs : FirstMs;
        LastMs = LastMs is null || other.LastMs > LastMs ? other.LastMs ?? LastMs : LastMs;
        Samples += other.Samples;
        Ooms += other.Ooms;
    }

    /// <summary>How far the history can be trusted: 1 for one interval of one sample a minute.</summary>
    /// <param name="interval">The interval.</param>
    /// <returns>0 or more.</returns>
    public double Confidence(TimeSpan interval) =>
        Math.Min(SpanMs / interval.TotalMilliseconds, Samples / interval.TotalMinutes);
}
