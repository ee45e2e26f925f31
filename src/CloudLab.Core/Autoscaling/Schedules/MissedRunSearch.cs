namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>
/// Looks for the most recent run that is due as the CronJob controller of Kubernetes 1.36 does: with its estimate of how many were missed,
/// and its wait until it looks again. Times are in ticks of 100 ns since 1970, because "now" may have a fraction.
/// </summary>
/// <param name="schedule">The schedule.</param>
/// <param name="created">When the CronJob was created.</param>
/// <param name="lastScheduleTime">When it ran last, by its status.</param>
/// <param name="startingDeadlineSeconds">How late it may start.</param>
/// <param name="now">The time of the search.</param>
internal sealed class MissedRunSearch(
    CronSchedule schedule, DateTimeOffset created, DateTimeOffset? lastScheduleTime, long? startingDeadlineSeconds, DateTimeOffset now)
{
    private const long Second = TimeSpan.TicksPerSecond;

    /// <summary>The most missed runs that are not many.</summary>
    private const long Few = 100;

    private static readonly TimeSpan Padding = TimeSpan.FromMilliseconds(100);

    /// <summary>What is found.</summary>
    /// <param name="Earliest">The time from which runs count.</param>
    /// <param name="MostRecent">The most recent run that is due, or null.</param>
    /// <param name="Missed">How many were missed.</param>
    /// <param name="Count">The controller's estimate of their number.</param>
    /// <param name="Error">What the controller says where the schedule makes no sense.</param>
    internal sealed record Finding(DateTimeOffset Earliest, DateTimeOffset? MostRecent, MissedRuns Missed, long Count, string? Error);

    /// <summary>Looks for the run.</summary>
    /// <param name="withDeadline">Whether the deadline counts: it does for a start, it does not for the wait.</param>
    /// <returns>What is found.</returns>
    public Finding Find(bool withDeadline)
    {
        DateTimeOffset earliest = lastScheduleTime ?? created;
        if (withDeadline && startingDeadlineSeconds is { } deadline && now - TimeSpan.FromSeconds(deadline) is var limit && limit > earliest)
        {
            earliest = limit;
        }

        long nowTicks = (now - DateTimeOffset.UnixEpoch).Ticks;
        long? first = schedule.Next(earliest.ToUnixTimeSeconds());
        long? second = first is null ? null : schedule.Next(first.Value);
        if (first is { } due && nowTicks < due * Second)
        {
            return new Finding(earliest, null, MissedRuns.None, 0, null);
        }

        if (first is { } one && second is { } other && nowTicks < other * Second)
        {
            return new Finding(earliest, Time(one), MissedRuns.None, 0, null);
        }

        if (first is not { } t1 || second is not { } t2)
        {
            // No second run: to the controller it is in the year 1, before the first.
            return new Finding(earliest, null, MissedRuns.None, 0, "time difference between two schedules is less than 1 second");
        }

        // An estimate, as if the schedule were regular.
        long distance = t2 - t1;
        long missed = ((nowTicks - (t1 * Second)) / Second / distance) + 1;
        long? recent = null;
        foreach (long run in schedule.Runs(t1 + ((missed - 2) * distance), now.ToUnixTimeSeconds()))
        {
            recent = run;
        }

        return new Finding(earliest, recent is { } found ? Time(found) : null, missed > Few ? MissedRuns.Many : missed > 0 ? MissedRuns.Few : MissedRuns.None, missed, null);
    }

    /// <summary>How long the controller waits until it looks again.</summary>
    /// <returns>The wait; null where the schedule has no next run.</returns>
    public TimeSpan? Requeue()
    {
        Finding finding = Find(withDeadline: false);
        DateTimeOffset from = finding.Error is not null ? now
            : finding.MostRecent ?? (finding.Missed == MissedRuns.None ? finding.Earliest : now);
        return schedule.Next(from.ToUnixTimeSeconds()) is { } next ? Time(next) + Padding - now : null;
    }

    private static DateTimeOffset Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);
}
