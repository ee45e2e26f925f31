namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>
/// Counts the runs of schedules by minutes. The next run is searched for once a day: within a day on which the clocks are not changed the
/// other runs are the minutes of a fixed list.
/// </summary>
internal sealed class ScheduleCounter
{
    /// <summary>Minutes of a day.</summary>
    public const int DayMinutes = 1440;

    private readonly long start;
    private readonly int[] counts;

    /// <summary>Begins with nothing counted.</summary>
    /// <param name="start">First second, a full minute.</param>
    /// <param name="minutes">Number of minutes.</param>
    public ScheduleCounter(long start, int minutes)
    {
        this.start = start;
        counts = new int[minutes];
    }

    /// <summary>Runs in each minute.</summary>
    public ReadOnlySpan<int> Counts => counts;

    private long End => start + (counts.Length * 60L);

    /// <summary>Counts the runs of a schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="profile">Gets its runs by the minute of the day, UTC.</param>
    /// <returns>How many runs there are.</returns>
    public long Add(CronSchedule schedule, int[] profile) => schedule.Every > 0 ? AddEvery(schedule.Every, profile) : AddFields(schedule, profile);

    private long AddEvery(long every, int[] profile)
    {
        long runs = 0;
        for (long minute = 0; every < 60 && minute < counts.Length; minute++)
        {
            // As many multiples of the distance as lie in the minute, counted from the beginning.
            int here = (int)((((minute + 1) * 60) - 1) / every - (minute == 0 ? 0 : ((minute * 60) - 1) / every));
            counts[minute] += here;
            profile[((start / 60) + minute) % DayMinutes] += here;
            runs += here;
        }

        for (long at = every; every >= 60 && at < counts.Length * 60L; at += every)
        {
            counts[at / 60]++;
            profile[((start + at) / 60) % DayMinutes]++;
            runs++;
        }

        return runs;
    }

    private long AddFields(CronSchedule schedule, int[] profile)
    {
        int[] times = [.. Enumerable.Range(0, DayMinutes).Where(minute => (schedule.Hours >> (minute / 60) & 1) != 0 && (schedule.Minutes >> (minute % 60) & 1) != 0)];
        ZoneClock clock = new(schedule.Zone);
        long runs = 0;
        for (long? next = schedule.Next(start - 1); next < End; next = schedule.Next(next.Value))
        {
            long run = next.Value;
            CivilTime at = clock.Read(run);
            ZoneSpan span = clock.Span(run);
            long midnight = run - at.Second;
            if (midnight < span.Start || midnight + CivilTime.DaySeconds > span.End)
            {
                Count(run, profile);
                runs++;
                continue;
            }

            int first = Array.BinarySearch(times, at.Second / 60);
            for (int i = first; i < times.Length && (run = midnight + (times[i] * 60L)) < End; i++)
            {
                Count(run, profile);
                runs++;
                next = run;
            }
        }

        return runs;
    }

    private void Count(long run, int[] profile)
    {
        counts[(run - start) / 60]++;
        profile[run / 60 % DayMinutes]++;
    }
}
