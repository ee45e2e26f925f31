namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>A proposal to move a schedule to a minute in which less runs.</summary>
public sealed class LabScheduleSpread
{
    /// <summary>Name of the CronJob; null for a schedule alone.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the CronJob.</summary>
    public string? Namespace { get; init; }

    /// <summary>The schedule as it is.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The schedule that is proposed: as often as before, in other minutes.</summary>
    public string Proposal { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => $"{(Name is null ? "" : Name + ": ")}{Schedule} -> {Proposal}";
}
