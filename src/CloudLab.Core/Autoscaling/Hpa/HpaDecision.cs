namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What a HorizontalPodAutoscaler would ask for in one step, and why.</summary>
public record HpaDecision
{
    private readonly Func<string>? explain;
    private string? reason;

    /// <summary>Creates a decision with its reason.</summary>
    public HpaDecision()
    {
    }

    /// <summary>Creates a decision whose reason is put into words when it is read.</summary>
    /// <param name="explain">Puts it into words.</param>
    internal HpaDecision(Func<string> explain) => this.explain = explain;

    /// <summary>Replicas there are.</summary>
    public required int CurrentReplicas { get; init; }

    /// <summary>Replicas the autoscaler asks for.</summary>
    public required int DesiredReplicas { get; init; }

    /// <summary>Replicas that the metrics alone ask for, before any limit.</summary>
    public required int CalculatedReplicas { get; init; }

    /// <summary>The same within the lowest and highest number allowed, before windows and policies.</summary>
    public required int BoundedReplicas { get; init; }

    /// <summary>The metric that decided; null where the numbers were given.</summary>
    public string? Metric { get; init; }

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

    /// <summary>What limited the decision.</summary>
    public required HpaLimit LimitedBy { get; init; }

    /// <summary>A known fault of Kubernetes 1.36 that shows in the decision; null without.</summary>
    public string? KnownFault { get; init; }

    /// <summary>The decision in words.</summary>
    public string Reason
    {
        get => reason ??= explain?.Invoke() ?? "";
        init => reason = value;
    }

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
