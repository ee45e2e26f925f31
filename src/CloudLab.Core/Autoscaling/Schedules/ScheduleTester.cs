using System.Globalization;
using System.Numerics;
using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Tests schedules as the API server does, and looks for what their authors may not have meant.</summary>
public static class ScheduleTester
{
    private const int Years = 3;
    private const int ControllerPeriod = 10;

    /// <summary>Tests a schedule.</summary>
    /// <param name="job">The schedule, alone or of a CronJob.</param>
    /// <param name="from">Where the next run and the changes of clocks are looked for.</param>
    /// <param name="oldSchedule">Schedule of the stored CronJob, where this is a change of it; null for a new one.</param>
    /// <param name="oldTimeZone">Its time zone.</param>
    /// <returns>The result.</returns>
    public static LabScheduleTest Test(CronJobSchedule job, DateTimeOffset from, string? oldSchedule = null, string? oldTimeZone = null)
    {
        List<(string Field, string Detail)> refusals = CronJobValidation.Check(job.Schedule, job.TimeZone, oldSchedule is null ? null : (oldSchedule, oldTimeZone));
        string? nameProblem = null;
        if (oldSchedule is null && job.Name?.Length > CronJobValidation.LongestName)
        {
            refusals.Add(("metadata.name", $"must be no more than {CronJobValidation.LongestName} characters"));
            nameProblem = $"The name has {job.Name.Length} characters, and {CronJobValidation.LongestName} are allowed, as the names of its jobs add 11: shorten it by {job.Name.Length - CronJobValidation.LongestName}.";
        }

        CronSchedule? schedule = CronParser.Parse(job.Schedule, out CronProblem? problem);
        string? zoneProblem = refusals.Exists(refusal => refusal.Field == "spec.timeZone") ? job.TimeZone!.Length == 0
            ? "The time zone is empty: leave the field out, or name a zone such as Europe/London." : ScheduleCalculator.OneLine(ScheduleZone.Unknown(job.TimeZone)) : null;
        if (string.Equals(job.TimeZone, "Local", StringComparison.OrdinalIgnoreCase))
        {
            zoneProblem = $"'{job.TimeZone}' is not a time zone: name one, such as Europe/London or UTC.";
        }

        ScheduleZone? zone = job.TimeZone is null || zoneProblem is not null || schedule?.OwnZone is not null ? null : ScheduleZone.Find(job.TimeZone, out _);
        CronSchedule? running = zoneProblem is not null ? null : zone is null ? schedule : schedule?.In(zone);
        bool mentionsZone = refusals.Exists(refusal => refusal.Detail.StartsWith("cannot use", StringComparison.Ordinal));
        long now = from.ToUnixTimeSeconds();
        long? next = running?.Next(now);
        List<LabScheduleFinding> findings = [];
        ClockEffects clocks = new([], [], []);
        if (running is not null)
        {
            clocks = Clocks(running, now);
            findings.AddRange(Findings(job, running, next, clocks));
        }

        return new LabScheduleTest
        {
            Valid = refusals.Count == 0,
            Schedule = job.Schedule,
            TimeZone = job.TimeZone,
            Name = job.Name,
            Namespace = job.Namespace,
            Problem = problem is not null ? $"{Capital(ScheduleCalculator.Where(problem) + CronAdvice.Reason(job.Schedule, problem))}."
                : mentionsZone ? ZoneProblem(job, schedule!, oldSchedule is not null)
                : zoneProblem ?? nameProblem,
            Column = problem is not null ? problem.Index + 1 : mentionsZone ? job.Schedule.IndexOf("TZ", StringComparison.Ordinal) is var at && schedule!.OwnZone is null ? at + 1 : 1 : null,
            Correction = problem is not null || mentionsZone ? CronAdvice.Correction(job.Schedule) : null,
            ApiMessage = [.. refusals.Select(refusal => refusal.Detail.Length == 0 ? $"{refusal.Field}: Required value"
                : $"{refusal.Field}: Invalid value: {GoText.Quote(refusal.Field switch { "spec.schedule" => job.Schedule, "metadata.name" => job.Name!, _ => job.TimeZone! })}: {refusal.Detail}")],
            Description = running is null ? null : CronDescription.Of(running),
            NeverFires = running is not null && next is null,
            NextTime = next is { } run ? DateTimeOffset.FromUnixTimeSeconds(run) : null,
            SkippedTime = [.. clocks.Skipped.Concat(clocks.Lost).Order(StringComparer.Ordinal)],
            RepeatedTime = [.. clocks.Repeated],
            Finding = [.. findings],
        };
    }

    private static string ZoneProblem(CronJobSchedule job, CronSchedule schedule, bool change) => change
        ? "Both the schedule and the time zone field name a zone: leave one of them out."
        : $"A time zone in the schedule is refused: put it into the field timeZone{(schedule.OwnZone is { } zone ? $" (timeZone: {zone.Name})" : "")}{(job.TimeZone is null ? "" : ", which is set already")}.";

    private static IEnumerable<LabScheduleFinding> Findings(CronJobSchedule job, CronSchedule schedule, long? next, ClockEffects clocks)
    {
        if (next is null)
        {
            yield return Finding("NeverFires", schedule.Minutes == 0 || schedule.Hours == 0 || schedule.Bits[3] == 0
                ? "It never fires: a field has only commas and so no value, which the API server accepts."
                : "It never fires: no date within five years matches, so that the controller gives up (event InvalidSchedule). Check the day against the month.");
            yield break;
        }

        if (schedule.Every > 0)
        {
            yield return Finding("NotAligned", "@every counts from the last run (at first from the creation), not from the full hour: use five fields for fixed times.");
            if (schedule.Every < 60)
            {
                yield return Finding("SameMinute", "The name of a job has the minute of its run, so that more than one run in a minute is not started: use one minute or more.");
            }
        }
        else
        {
            foreach (LabScheduleFinding finding in FieldFindings(schedule))
            {
                yield return finding;
            }
        }

        if (clocks.Lost.Count > 0)
        {
            yield return Finding("DayLost", $"{Counted(clocks.Lost.Count, "run is", "runs are")} lost in the next {Years} years, first at {clocks.Lost[0]}: where the clocks of {schedule.Zone.Name} skip midnight, the controller steps over the whole day. Use a schedule without restricted days, or UTC.");
        }

        if (clocks.Skipped.Count > 0)
        {
            yield return Finding("RunsSkipped", $"{Counted(clocks.Skipped.Count, "run is", "runs are")} skipped in the next {Years} years where the clocks of {schedule.Zone.Name} go forward, first at {clocks.Skipped[0]}: use an hour that they do not skip, or UTC.");
        }

        if (clocks.Repeated.Count > 0)
        {
            yield return Finding("RunsTwice", $"{Counted(clocks.Repeated.Count, "time runs", "times run")} twice in the next {Years} years where the clocks of {schedule.Zone.Name} go back, first at {clocks.Repeated[0]}: use an hour that they do not repeat, or UTC.");
        }

        if (job.StartingDeadlineSeconds < ControllerPeriod)
        {
            yield return Finding("DeadlineTooShort", $"startingDeadlineSeconds is {job.StartingDeadlineSeconds}: the controller may look only every {ControllerPeriod} seconds, so that runs can be dropped; use 60 or more.");
        }

        if (job.Suspend)
        {
            yield return Finding("Suspended", "The CronJob is suspended: nothing runs until spec.suspend is false.");
        }
    }

    private static IEnumerable<LabScheduleFinding> FieldFindings(CronSchedule schedule)
    {
        List<(int Index, string Text)> words = CronParser.Words(schedule.Text, 0, schedule.Text.Length);
        if (schedule.OwnZone is not null && words.Count > 0)
        {
            words.RemoveAt(0);
        }

        if (words.Count != CronField.All.Count)
        {
            yield break;
        }

        for (int i = 0; i < words.Count; i++)
        {
            CronField field = CronField.All[i];
            foreach (string item in words[i].Text.Split(','))
            {
                if (item.Split('/') is not [var range, var stepText] || !GoText.TryNumber(stepText, out long step, out _, out _))
                {
                    continue;
                }

                int count = field.Max - field.Min + 1;
                if (step >= count)
                {
                    yield return Finding("StepTooLarge", $"The step of '{item}' is larger than the {field.Name}, so that only its first value is left: the next unit is not counted in.");
                }
                else if (i < 2 && step > 1 && count % step != 0 && range is "*" or "?")
                {
                    yield return Finding("UnevenStep", $"'{item}' begins anew with each {(i == 0 ? "hour" : "day")}: {count} is not a multiple of {step}, so that the last distance is shorter.");
                }
            }

            if (words[i].Text.Split(',') is { Length: > 1 } items && (Array.Exists(items, item => item.Length == 0)))
            {
                yield return Finding("EmptyItem", $"The {field.Name} has a comma with nothing beside it, which is left out without a word: remove it.");
            }
        }

        ulong month = schedule.Bits[2], week = schedule.Bits[4];
        if (!schedule.AnyDayOfMonth && !schedule.AnyDayOfWeek && month != 0 && week != 0)
        {
            yield return Finding("EitherDay", words[2].Text.StartsWith('*') || words[4].Text.StartsWith('*')
                ? $"'{words[2].Text}' and '{words[4].Text}' mean either day: a star with a step does not count as a star here, other than in Vixie cron."
                : month == CronField.DayOfMonth.Full || week == CronField.DayOfWeek.Full
                    ? "One day field has every value without a star, and either day field is enough: it runs every day. Write * there for the other field to count."
                    : "Day of month and day of week are both restricted: it runs when either matches, not only when both do. Check one of them in the job to have both.");
        }
        else if (month != 0 && schedule.AnyDayOfWeek && BitOperations.TrailingZeroCount(month) is > 28 and var day
            && Enumerable.Range(1, 12).Any(number => (schedule.Bits[3] >> number & 1) != 0 && DateTime.DaysInMonth(2001, number) < day))
        {
            yield return Finding("ShortMonth", BitOperations.PopCount(schedule.Bits[3]) == 1
                ? "It runs only in leap years: use day 28 to run every year."
                : $"It does not run in months without day {day}: use 28, or the 1st, to run every month.");
        }
    }

    // What the changes of clocks do. A schedule for every hour goes on with them, and none of its runs is lost to the clocks themselves.
    private static ClockEffects Clocks(CronSchedule schedule, long now)
    {
        ClockEffects effects = new([], [], []);
        if (schedule.Every > 0)
        {
            return effects;
        }

        bool everyHour = schedule.Hours == CronField.Hour.Full;
        CivilTime today = CivilTime.Of(now);
        ZoneClock clock = new(schedule.Zone);
        foreach ((long at, int before, int after) in schedule.Zone.Changes(now, CivilTime.Seconds(today.Year + Years, today.Month, today.Day, today.Second)))
        {
            for (long shown = at + before; !everyHour && shown < at + after; shown += 60)
            {
                if (schedule.Matches(CivilTime.Of(shown)))
                {
                    effects.Skipped.Add(Text(shown));
                }
            }

            long[] runs = [.. schedule.Runs(at - (2 * CivilTime.DaySeconds), at + (2 * CivilTime.DaySeconds))];
            HashSet<long> started = [.. runs];
            // Where midnight is skipped, the library may step over the whole day: times that the clocks do show.
            for (long minute = at; after > before && minute < at + CivilTime.DaySeconds; minute += 60)
            {
                if (minute > now && !started.Contains(minute) && schedule.Matches(clock.Read(minute)))
                {
                    effects.Lost.Add(Text(minute + after));
                }
            }

            HashSet<long> first = [];
            effects.Repeated.AddRange(runs.Where(run => !everyHour && run >= at - (before - after) && run < at + (before - after))
                .Select(run => run + (run < at ? before : after)).Where(shown => !first.Add(shown)).Select(Text));
        }

        return effects;
    }

    /// <summary>Local times that changes of clocks skip, that the controller loses with them, and that run twice.</summary>
    private sealed record ClockEffects(List<string> Skipped, List<string> Lost, List<string> Repeated);

    private static LabScheduleFinding Finding(string id, string message) => new() { Id = id, Message = message };

    private static string Counted(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    private static string Text(long shown) => DateTime.UnixEpoch.AddSeconds(shown).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Capital(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..];
}
