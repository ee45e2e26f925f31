namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>A replay as points, for plots.</summary>
/// <param name="title">What is plotted.</param>
public sealed class HpaCurve(string title)
{
    private readonly List<Point> points = [];

    /// <summary>What is plotted.</summary>
    public string Title { get; } = title;

    /// <summary>The points in the order of time.</summary>
    internal IReadOnlyList<Point> Points => points;

    /// <summary>Adds a step.</summary>
    /// <param name="step">The step.</param>
    public void Add(HpaReplayStep step) =>
        points.Add(new(step.Time.ToUnixTimeMilliseconds(), step.DesiredReplicas, step.Load ?? double.NaN, step.LoadRatio));

    /// <summary>One moment.</summary>
    /// <param name="TimeMs">When.</param>
    /// <param name="Replicas">Replicas asked for.</param>
    /// <param name="Load">Total load.</param>
    /// <param name="Ratio">Load of the ready pods by target.</param>
    internal readonly record struct Point(long TimeMs, int Replicas, double Load, double Ratio);
}
