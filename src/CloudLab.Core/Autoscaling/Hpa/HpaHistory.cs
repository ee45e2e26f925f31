namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>A recommendation and when it was made, in Unix milliseconds.</summary>
/// <param name="Replicas">Replicas, before stabilization.</param>
/// <param name="TimestampMs">When.</param>
internal readonly record struct HpaRecommendation(int Replicas, long TimestampMs);

/// <summary>A change of replicas and when it was made, in Unix milliseconds.</summary>
/// <param name="Change">By how many replicas.</param>
/// <param name="TimestampMs">When.</param>
/// <param name="Outdated">True where a later event may take its place.</param>
internal readonly record struct HpaScaleEvent(int Change, long TimestampMs, bool Outdated = false);

/// <summary>What the controller remembers of one autoscaler; lost when it restarts.</summary>
internal sealed class HpaHistory
{
    /// <summary>Recommendations, in the order of the controller's list, where old ones are overwritten.</summary>
    public List<HpaRecommendation> Recommendations { get; } = [];

    /// <summary>Times of scaling up.</summary>
    public List<HpaScaleEvent> ScaleUps { get; } = [];

    /// <summary>Times of scaling down.</summary>
    public List<HpaScaleEvent> ScaleDowns { get; } = [];
}

/// <summary>A number of replicas, and the reason and message that go with it.</summary>
/// <param name="Replicas">Replicas.</param>
/// <param name="Reason">Reason of the condition.</param>
/// <param name="Message">Message of the condition.</param>
internal readonly record struct HpaVerdict(int Replicas, string Reason, string Message);

/// <summary>A condition in the status of the autoscaler.</summary>
/// <param name="Status">True or false; null where the condition is not there.</param>
/// <param name="Reason">Reason.</param>
/// <param name="Message">Message.</param>
internal readonly record struct HpaCondition(bool? Status, string Reason, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Status}/{Reason}";
}
