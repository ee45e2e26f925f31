using System.Globalization;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>One run of a schedule.</summary>
public sealed class LabScheduledRun
{
    /// <summary>When it runs, UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>The same on the clocks of the time zone, with their offset.</summary>
    public DateTimeOffset LocalTime { get; init; }

    /// <summary>How long it is until then, from the time at which the search began.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>The schedule.</summary>
    public string Schedule { get; init; } = "";

    /// <summary>The time zone whose clocks the schedule follows.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Name of the CronJob; null for a schedule alone.</summary>
    public string? Name { get; init; }

    /// <summary>Namespace of the CronJob.</summary>
    public string? Namespace { get; init; }

    /// <summary>The schedule in plain words.</summary>
    public string Description { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
