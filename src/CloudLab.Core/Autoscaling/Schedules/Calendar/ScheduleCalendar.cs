using System.Globalization;
using System.Text;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>Lays many schedules on top of each other, and proposes how to spread them.</summary>
public sealed class ScheduleCalendar
{
    private const int ChartMinutes = 5;
    private readonly List<Entry> entries = [];

    /// <summary>How many schedules are in it.</summary>
    public int Count => entries.Count;

    /// <summary>Adds a schedule.</summary>
    /// <param name="job">The schedule, alone or of a CronJob. One that is suspended is not counted.</param>
    /// <returns>True where it counts. Throws <see cref="LabException"/> (<c>ScheduleInvalid</c>, <c>UnknownTimeZone</c>).</returns>
    public bool Add(CronJobSchedule job)
    {
        CronSchedule schedule = ScheduleCalculator.Parse(job);
        if (!job.Suspend)
        {
            entries.Add(new Entry(job, schedule));
        }

        return !job.Suspend;
    }

    /// <summary>Counts all runs.</summary>
    /// <param name="from">Beginning; its minute is the first.</param>
    /// <param name="days">Number of days.</param>
    /// <param name="top">How many of the fullest minutes to name.</param>
    /// <param name="reporter">Hears how far it is.</param>
    /// <param name="cancellation">Stops the count.</param>
    /// <returns>The calendar.</returns>
    public LabScheduleCalendar Build(DateTimeOffset from, int days, int top, IReporter reporter, CancellationToken cancellation)
    {
        long start = from.ToUnixTimeSeconds() / 60 * 60;
        using ProgressMeter progress = new(reporter, "Counting the runs of schedules");
        progress.Expect(entries.Count);
        ScheduleCounter counter = new(start, days * ScheduleCounter.DayMinutes);
        foreach (Entry entry in entries)
        {
            cancellation.ThrowIfCancellationRequested();
            entry.RunCount = counter.Add(entry.Schedule, entry.Profile);
            progress.AddItems();
        }

        ReadOnlySpan<int> counts = counter.Counts;
        (long collisions, int peak, int peakAt, long[] hours, long[] minutes, int[] highest) = Totals(start, counts);
        long all = entries.Sum(entry => entry.RunCount);
        List<LabScheduleSpread> spread = peak > 1 ? Spread(cancellation) : [];
        int after = peak;
        if (spread.Count > 0)
        {
            ScheduleCounter again = new(start, days * ScheduleCounter.DayMinutes);
            int[] scrap = new int[ScheduleCounter.DayMinutes];
            foreach (Entry entry in entries)
            {
                cancellation.ThrowIfCancellationRequested();
                again.Add(entry.Proposal ?? entry.Schedule, scrap);
            }

            after = again.Counts.Length == 0 ? 0 : Highest(again.Counts);
            if (after >= peak)
            {
                // Nothing is gained where the same jobs meet at other times.
                (spread, after) = ([], peak);
            }
        }

        return new LabScheduleCalendar
        {
            From = DateTimeOffset.FromUnixTimeSeconds(start),
            Until = DateTimeOffset.FromUnixTimeSeconds(start).AddDays(days),
            ScheduleCount = entries.Count,
            RunCount = all,
            PeakRunCount = peak,
            PeakTime = peak == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(start + (peakAt * 60L)),
            CollisionCount = collisions,
            FullHourShare = all == 0 ? 0 : Math.Round(minutes[0] / (double)all, 4),
            Collision = [.. Fullest(counts, top).Select(at => Collision(start, start + (at * 60L), counter.Counts[at]))],
            Spread = [.. spread],
            SpreadPeakRunCount = after,
            NeverFires = [.. entries.Where(entry => entry.RunCount == 0 && entry.Schedule.Next(start) is null).Select(entry => entry.Job.ToString())],
            RunsByHour = hours,
            RunsByMinute = minutes,
            Chart = Chart(highest),
        };
    }

    private static (long Collisions, int Peak, int PeakAt, long[] Hours, long[] Minutes, int[] Highest) Totals(long start, ReadOnlySpan<int> counts)
    {
        long[] hours = new long[24], minutes = new long[60];
        int[] highest = new int[ScheduleCounter.DayMinutes / ChartMinutes];
        long collisions = 0;
        int peak = 0, peakAt = 0;
        int ofDay = (int)(((start / 60 % ScheduleCounter.DayMinutes) + ScheduleCounter.DayMinutes) % ScheduleCounter.DayMinutes);
        for (int i = 0; i < counts.Length; i++)
        {
            int count = counts[i];
            if (count > 0)
            {
                hours[ofDay / 60] += count;
                minutes[ofDay % 60] += count;
                highest[ofDay / ChartMinutes] = Math.Max(highest[ofDay / ChartMinutes], count);
                collisions += count > 1 ? 1 : 0;
                if (count > peak)
                {
                    (peak, peakAt) = (count, i);
                }
            }

            ofDay = ofDay == ScheduleCounter.DayMinutes - 1 ? 0 : ofDay + 1;
        }

        return (collisions, peak, peakAt, hours, minutes, highest);
    }

    private static int Highest(ReadOnlySpan<int> counts)
    {
        int highest = 0;
        foreach (int count in counts)
        {
            highest = Math.Max(highest, count);
        }

        return highest;
    }

    // The minutes with more than one run, the fullest first, the earlier ones before the later ones.
    private static List<int> Fullest(ReadOnlySpan<int> counts, int top)
    {
        PriorityQueue<int, (int Count, int Earlier)> kept = new();
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 1 && (kept.Count < top || counts[i] > counts[kept.Peek()]))
            {
                kept.Enqueue(i, (counts[i], -i));
                if (kept.Count > top)
                {
                    kept.Dequeue();
                }
            }
        }

        List<int> fullest = [];
        while (kept.TryDequeue(out int at, out _))
        {
            fullest.Add(at);
        }

        fullest.Reverse();
        return fullest;
    }

    private static string Chart(int[] highest)
    {
        int width = Math.Max(2, Highest(highest).ToString(CultureInfo.InvariantCulture).Length) + 1;
        StringBuilder chart = new("UTC  ");
        int columns = 60 / ChartMinutes;
        for (int i = 0; i < columns; i++)
        {
            chart.Append(string.Create(CultureInfo.InvariantCulture, $":{i * ChartMinutes:00}").PadLeft(width + 1));
        }

        for (int i = 0; i < highest.Length; i++)
        {
            if (i % columns == 0)
            {
                chart.Append('\n').Append((i / columns).ToString("00", CultureInfo.InvariantCulture)).Append("   ");
            }

            chart.Append((highest[i] == 0 ? "." : highest[i].ToString(CultureInfo.InvariantCulture)).PadLeft(width + 1));
        }

        return chart.ToString();
    }

    private LabScheduleCollision Collision(long start, long at, int count) => new()
    {
        Time = DateTimeOffset.FromUnixTimeSeconds(at),
        RunCount = count,
        Name =
        [
            .. entries.Where(entry => entry.Schedule.Every is > 0 and var every ? (at + 59 - start) / every > (at == start ? 0 : (at - 1 - start) / every) : entry.Schedule.Next(at - 1) == at)
                .Select(entry => entry.Job.Name ?? entry.Job.Schedule),
        ],
    };

    // One schedule after the other, those that run most seldom last, goes to the minute in which the least is going on already.
    private List<LabScheduleSpread> Spread(CancellationToken cancellation)
    {
        long[] load = new long[ScheduleCounter.DayMinutes];
        List<(Entry Entry, int[] Shifts)> movable = [];
        foreach (Entry entry in entries)
        {
            int[] shifts = ScheduleShift.Possible(entry.Schedule);
            if (shifts.Length > 1 && entry.RunCount > 0)
            {
                movable.Add((entry, shifts));
                continue;
            }

            Put(load, entry.Profile, 0);
        }

        List<LabScheduleSpread> proposals = [];
        foreach ((Entry entry, int[] shifts) in movable.OrderByDescending(pair => pair.Entry.RunCount))
        {
            cancellation.ThrowIfCancellationRequested();
            int[] used = [.. Enumerable.Range(0, ScheduleCounter.DayMinutes).Where(minute => entry.Profile[minute] > 0)];
            int best = 0;
            (long Highest, long Sum) least = (long.MaxValue, long.MaxValue);
            foreach (int shift in shifts)
            {
                long highest = 0, sum = 0;
                foreach (int minute in used)
                {
                    long there = load[ScheduleShift.Moved(minute, shift)];
                    highest = Math.Max(highest, there);
                    sum += there;
                }

                if ((highest, sum).CompareTo(least) < 0)
                {
                    (best, least) = (shift, (highest, sum));
                }
            }

            Put(load, entry.Profile, best);
            if (best != 0)
            {
                string proposal = ScheduleShift.Write(entry.Schedule, best);
                entry.Proposal = CronParser.Parse(proposal, out _)!.In(entry.Schedule.Zone);
                proposals.Add(new LabScheduleSpread { Name = entry.Job.Name, Namespace = entry.Job.Namespace, Schedule = entry.Job.Schedule, Proposal = proposal });
            }
        }

        return proposals;
    }

    private static void Put(long[] load, int[] profile, int shift)
    {
        for (int minute = 0; minute < profile.Length; minute++)
        {
            if (profile[minute] > 0)
            {
                load[ScheduleShift.Moved(minute, shift)] += profile[minute];
            }
        }
    }

    private sealed class Entry(CronJobSchedule job, CronSchedule schedule)
    {
        public CronJobSchedule Job { get; } = job;

        public CronSchedule Schedule { get; } = schedule;

        public int[] Profile { get; } = new int[ScheduleCounter.DayMinutes];

        public long RunCount { get; set; }

        public CronSchedule? Proposal { get; set; }
    }
}
