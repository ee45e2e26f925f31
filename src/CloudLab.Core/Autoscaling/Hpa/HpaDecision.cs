namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What a HorizontalPodAutoscaler would ask for in one step, and why.</summary>
public sealed record HpaDecision
{
    /// <summary>Replicas there are.</summary>
    public required int CurrentReplicas { get; init; }

    /// <summary>Replicas the autoscaler asks for.</summary>
    public required int DesiredReplicas { get; init; }

    /// <summary>Replicas that the metric alone asks for, before the lowest and highest number allowed.</summary>
    public required int CalculatedReplicas { get; init; }

    /// <summary>Measured value, in the unit of <see cref="TargetValue"/>.</summary>
    public required double CurrentValue { get; init; }

    /// <summary>Value to hold.</summary>
    public required double TargetValue { get; init; }

    /// <summary>Measured value divided by target.</summary>
    public required double Ratio { get; init; }

    /// <summary>How far from 1 the ratio may be without any scaling.</summary>
    public required double Tolerance { get; init; }

    /// <summary>True where the ratio is so close to 1 that the number of replicas stays.</summary>
    public required bool WithinTolerance { get; init; }

    /// <summary>Lowest number of replicas allowed.</summary>
    public required int MinReplicas { get; init; }

    /// <summary>Highest number of replicas allowed; null where none was given.</summary>
    public int? MaxReplicas { get; init; }

    /// <summary>Which of the two limits decided, if one did.</summary>
    public required HpaLimit LimitedBy { get; init; }

    /// <summary>The decision in words.</summary>
    public required string Reason { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
