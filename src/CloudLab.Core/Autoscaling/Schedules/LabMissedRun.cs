namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>What the CronJob controller does about the runs that it has missed, and why.</summary>
public sealed class LabMissedRun
{
    /// <summary>Name of the CronJob; null for a schedule alone.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the CronJob.</summary>
    public string? Namespace { get; init; }

    /// <summary>The schedule.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The time zone whose clocks the schedule follows.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The time of the search.</summary>
    public DateTimeOffset Now { get; init; }

    /// <summary>Runs after this time count: the last run or the creation, or the starting deadline where that is later.</summary>
    public DateTimeOffset EarliestTime { get; init; }

    /// <summary>The most recent run that is due; null where none is.</summary>
    public DateTimeOffset? MostRecentTime { get; init; }

    /// <summary>How many runs were missed, in the terms of the controller.</summary>
    public MissedRuns Missed { get; init; }

    /// <summary>The controller's estimate of the runs since the earliest time. It computes with the distance of the first two.</summary>
    public long EstimatedCount { get; init; }

    /// <summary>Whether the controller starts a job now: one, whatever the number of missed runs.</summary>
    public bool StartsJob { get; init; }

    /// <summary>Name of that job; null where none is started.</summary>
    public string? JobName { get; init; }

    /// <summary>How long the controller waits until it looks again; null where there is no further run.</summary>
    public TimeSpan? RequeueAfter { get; init; }

    /// <summary>Why, in words.</summary>
    public string Reason { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Reason;
}
