using System.Globalization;
using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>When many schedules run: how many at once, when most, and how to spread them.</summary>
public sealed class LabScheduleCalendar
{
    /// <summary>Beginning of the calendar, UTC.</summary>
    public DateTimeOffset From { get; init; }

    /// <summary>End of the calendar, UTC.</summary>
    public DateTimeOffset Until { get; init; }

    /// <summary>How many schedules are in it.</summary>
    public int ScheduleCount { get; init; }

    /// <summary>How many runs there are.</summary>
    public long RunCount { get; init; }

    /// <summary>The most runs that begin in one minute.</summary>
    public int PeakRunCount { get; init; }

    /// <summary>The first minute with that many, UTC; null where nothing runs.</summary>
    public DateTimeOffset? PeakTime { get; init; }

    /// <summary>How many minutes have more than one run.</summary>
    public long CollisionCount { get; init; }

    /// <summary>Share of the runs that begin at minute 0 of an hour, from 0 to 1; evenly spread it would be 1/60.</summary>
    public double FullHourShare { get; init; }

    /// <summary>The minutes with the most runs, the fullest first.</summary>
    public IReadOnlyList<LabScheduleCollision> Collision { get; init => field = TextList.Of(value); } = new TextList<LabScheduleCollision>([]);

    /// <summary>Proposals that lower the peak.</summary>
    public IReadOnlyList<LabScheduleSpread> Spread { get; init => field = TextList.Of(value); } = new TextList<LabScheduleSpread>([]);

    /// <summary>The most runs in one minute once all proposals are taken up.</summary>
    public int SpreadPeakRunCount { get; init; }

    /// <summary>Schedules that never fire.</summary>
    public IReadOnlyList<string> NeverFires { get; init => field = TextList.Of(value); } = new TextList<string>([]);

    /// <summary>Runs by hour of the day, UTC.</summary>
    public IReadOnlyList<long> RunsByHour { get; init => field = TextList.Of(value); } = new TextList<long>([]);

    /// <summary>Runs by minute of the hour.</summary>
    public IReadOnlyList<long> RunsByMinute { get; init => field = TextList.Of(value); } = new TextList<long>([]);

    /// <summary>A picture of the day: a row for each hour (UTC), a column for each five minutes, with the most runs in one minute.</summary>
    public string Chart { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{ScheduleCount} schedules, {RunCount} runs, at most {PeakRunCount} in one minute");
}
