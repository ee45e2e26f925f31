namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Something to know about a schedule.</summary>
public sealed class LabScheduleFinding
{
    /// <summary>What kind of finding it is: <c>RunsTwice</c>, <c>EitherDay</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>The finding in words.</summary>
    public string Message { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Message;
}
