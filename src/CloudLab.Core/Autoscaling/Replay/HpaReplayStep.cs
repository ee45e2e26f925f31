using System.Globalization;
using CloudLab.Core.Autoscaling.Hpa;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>One step of the controller in a replay.</summary>
public sealed record HpaReplayStep
{
    private readonly string? reason;

    /// <summary>When, in UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Name of the workload: of the load, else of the autoscaler.</summary>
    public required string Workload { get; init; }

    /// <summary>Which manifest decided.</summary>
    public required string Manifest { get; init; }

    /// <summary>Total load of the deciding metric at that time; null where there is none.</summary>
    public required double? Load { get; init; }

    /// <summary>Replicas that are asked for before the step.</summary>
    public required int CurrentReplicas { get; init; }

    /// <summary>Pods that are ready.</summary>
    public required int ReadyReplicas { get; init; }

    /// <summary>Replicas that the autoscaler asks for.</summary>
    public required int DesiredReplicas { get; init; }

    /// <summary>By how many replicas the step changes what is asked for; 0 where nothing changes.</summary>
    public int Change => DesiredReplicas - CurrentReplicas;

    /// <summary>Replicas that the metrics alone ask for.</summary>
    public required int CalculatedReplicas { get; init; }

    /// <summary>The same within the lowest and highest number allowed.</summary>
    public required int BoundedReplicas { get; init; }

    /// <summary>The metric that decided.</summary>
    public required string? Metric { get; init; }

    /// <summary>What the controller measured, divided by the target; NaN where it could not.</summary>
    public required double Ratio { get; init; }

    /// <summary>What the pods have to bear at that time, divided by the target: above 1 they are overloaded.</summary>
    public required double LoadRatio { get; init; }

    /// <summary>What limited the decision.</summary>
    public required HpaLimit LimitedBy { get; init; }

    /// <summary>The decision, with its numbers.</summary>
    public required HpaDecision Decision { get; init; }

    /// <summary>The decision in words.</summary>
    public string Reason
    {
        get => reason ?? Decision.Reason;
        init => reason = value;
    }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}

/// <summary>What a replay came to.</summary>
public sealed record HpaReplaySummary
{
    /// <summary>Name of the workload: of the load, else of the autoscaler.</summary>
    public required string Workload { get; init; }

    /// <summary>Which manifest decided.</summary>
    public required string Manifest { get; init; }

    /// <summary>From when.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Until when.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Steps of the controller.</summary>
    public required int Steps { get; init; }

    /// <summary>Replicas added up over the seconds: what it costs.</summary>
    public required long ReplicaSeconds { get; init; }

    /// <summary>Seconds in which the pods had to bear more than the target.</summary>
    public required long SecondsOverTarget { get; init; }

    /// <summary>How often scaling turned its direction.</summary>
    public required int Flaps { get; init; }

    /// <summary>Times of scaling up.</summary>
    public required int ScaleUps { get; init; }

    /// <summary>Times of scaling down.</summary>
    public required int ScaleDowns { get; init; }

    /// <summary>Fewest replicas.</summary>
    public required int LowestReplicas { get; init; }

    /// <summary>Most replicas.</summary>
    public required int HighestReplicas { get; init; }

    /// <summary>Replicas on average.</summary>
    public double AverageReplicas => Steps == 0 ? 0 : ReplicaSeconds / Math.Max(1, (To - From).TotalSeconds);

    /// <summary>Difference from the first manifest in words; null for the first.</summary>
    public string? Comparison { get; init; }

    /// <summary>The second of two replays of one load, with their difference in words.</summary>
    /// <param name="first">The first.</param>
    /// <param name="second">The second.</param>
    /// <returns>The second, with <see cref="Comparison"/>.</returns>
    public static HpaReplaySummary Compared(HpaReplaySummary first, HpaReplaySummary second)
    {
        double change = first.ReplicaSeconds == 0 ? 0 : (second.ReplicaSeconds - first.ReplicaSeconds) * 100.0 / first.ReplicaSeconds;
        string cost = Math.Abs(change) < 0.05 ? "as many replica-seconds"
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(change):0.#} % {(change < 0 ? "fewer" : "more")} replica-seconds");
        return second with
        {
            Comparison = $"{second.Manifest} takes {cost} than {first.Manifest}, {Seconds(second.SecondsOverTarget - first.SecondsOverTarget)} over the target, "
                .Replace("as many replica-seconds than", "as many replica-seconds as", StringComparison.Ordinal)
                + $"{Flapping(second.Flaps - first.Flaps)}.",
        };
    }

    private static string Seconds(long by) =>
        by == 0 ? "just as long" : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(by)} s {(by > 0 ? "more" : "less")}");

    private static string Flapping(int by) => by == 0 ? "as many flaps"
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(by)} {(by > 0 ? "more" : "fewer")} {(Math.Abs(by) == 1 ? "flap" : "flaps")}");

    /// <inheritdoc/>
    public override string ToString() => Comparison ?? $"{Manifest}: {ReplicaSeconds} replica-seconds, {SecondsOverTarget} s over target, {Flaps} flaps";
}
