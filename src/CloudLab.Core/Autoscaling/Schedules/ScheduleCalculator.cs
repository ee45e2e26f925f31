using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Computes what the CronJob controller of Kubernetes 1.36 does with a schedule. No cluster is asked.</summary>
public static class ScheduleCalculator
{
    /// <summary>The runs of a schedule.</summary>
    /// <param name="job">The schedule, alone or of a CronJob.</param>
    /// <param name="from">Runs after this time.</param>
    /// <param name="until">The last time that is of interest; null for no limit.</param>
    /// <returns>The runs in their order; computed as they are taken. Throws <see cref="LabException"/> (<c>ScheduleInvalid</c>, <c>UnknownTimeZone</c>).</returns>
    public static IEnumerable<LabScheduledRun> Runs(CronJobSchedule job, DateTimeOffset from, DateTimeOffset? until)
    {
        CronSchedule schedule = Parse(job);
        string description = CronDescription.Of(schedule);
        string zone = schedule.Zone.Name;
        return schedule.Runs(Floor(from), until is { } end ? Floor(end) : CronSchedule.LastSecond).Select(run =>
        {
            DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(run);
            return new LabScheduledRun
            {
                Time = time,
                LocalTime = ScheduleTime.In(schedule.Zone, run),
                Wait = time - from,
                Schedule = job.Schedule,
                TimeZone = zone,
                Name = job.Name,
                Namespace = job.Namespace,
                Description = description,
            };
        });
    }

    /// <summary>A schedule in plain words.</summary>
    /// <param name="job">The schedule, alone or of a CronJob.</param>
    /// <returns>A sentence without a full stop. Throws <see cref="LabException"/> as <see cref="Runs"/>.</returns>
    public static string Describe(CronJobSchedule job) => CronDescription.Of(Parse(job));

    /// <summary>What the controller does about missed runs.</summary>
    /// <param name="job">A CronJob; without a creation time and a last run, nothing was missed.</param>
    /// <param name="now">The time of the search.</param>
    /// <returns>The finding. Throws <see cref="LabException"/> (<c>ScheduleInvalid</c>, <c>UnknownTimeZone</c>, <c>CreationTimestampMissing</c>).</returns>
    public static LabMissedRun Missed(CronJobSchedule job, DateTimeOffset now)
    {
        CronSchedule schedule = Parse(job);
        DateTimeOffset created = job.CreationTimestamp ?? job.LastScheduleTime ?? throw new LabException(
            LabErrorKind.InvalidData, "CreationTimestampMissing",
            $"{job.Display} has no creation time and no last run, so that nothing can have been missed: give -LastScheduleTime or -CreationTimestamp.") { Target = job.Schedule };
        MissedRunSearch search = new(schedule, created, job.LastScheduleTime, job.StartingDeadlineSeconds, now);
        MissedRunSearch.Finding finding = search.Find(withDeadline: true);
        bool late = finding.MostRecent is { } due && job.StartingDeadlineSeconds is { } deadline && due + TimeSpan.FromSeconds(deadline) < now;
        bool done = finding.MostRecent is not null && finding.MostRecent == job.LastScheduleTime;
        bool starts = finding.MostRecent is not null && !late && !done && !job.Suspend;
        TimeSpan? wait = search.Requeue();
        return new LabMissedRun
        {
            Name = job.Name,
            Namespace = job.Namespace,
            Schedule = job.Schedule,
            TimeZone = schedule.Zone.Name,
            Now = now.ToUniversalTime(),
            EarliestTime = finding.Earliest.ToUniversalTime(),
            MostRecentTime = finding.MostRecent,
            Missed = finding.Missed,
            EstimatedCount = finding.Count,
            StartsJob = starts,
            JobName = starts ? ScheduleTime.JobName(job.Name ?? "cronjob", finding.MostRecent!.Value) : null,
            RequeueAfter = job.Suspend || finding.Error is not null ? null : wait,
            Reason = Reason(job, finding, late, done),
        };
    }

    /// <summary>Reads a schedule in its time zone.</summary>
    /// <param name="job">The schedule.</param>
    /// <returns>The schedule. Throws <see cref="LabException"/>.</returns>
    internal static CronSchedule Parse(CronJobSchedule job)
    {
        CronSchedule? schedule = CronParser.Parse(job.Schedule, out CronProblem? problem);
        if (schedule is null)
        {
            string? correction = CronAdvice.Correction(job.Schedule);
            throw new LabException(
                LabErrorKind.InvalidData, "ScheduleInvalid",
                $"{OneLine(job.Display)} is not a schedule: {Where(problem!)}{CronAdvice.Reason(job.Schedule, problem!)}{(correction is null ? "" : $". Write '{correction}'")}.")
            {
                Target = job.Schedule,
                Advice = $"The API server says: {OneLine(problem!.ApiText)}. Test-LabSchedule explains a schedule.",
            };
        }

        if (job.TimeZone is null || schedule.OwnZone is not null)
        {
            return schedule;
        }

        return CronJobValidation.ZoneProblems(job.TimeZone).Count == 0 && ScheduleZone.Find(job.TimeZone, out _) is { } zone
            ? schedule.In(zone)
            : throw new LabException(LabErrorKind.InvalidData, "UnknownTimeZone", $"{OneLine(job.Display)}: {OneLine(ScheduleZone.Unknown(job.TimeZone))}") { Target = job.TimeZone };
    }

    /// <summary>The place of a problem, for a message.</summary>
    /// <param name="problem">The problem.</param>
    /// <returns><c>column 3, hour: </c></returns>
    internal static string Where(CronProblem problem) => problem.Fault == CronFault.Empty ? ""
        : $"column {(problem.Index + 1).ToString(CultureInfo.InvariantCulture)}{(problem.Field is { } field ? $", {field.Name}" : "")}: ";

    /// <summary>A text for a message of one line.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text with tabs and line ends as spaces.</returns>
    internal static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));

    private static long Floor(DateTimeOffset time) => time.ToUnixTimeSeconds();

    private static string Reason(CronJobSchedule job, MissedRunSearch.Finding finding, bool late, bool done)
    {
        string recent = finding.MostRecent is { } run ? run.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "";
        string missed = finding.Missed switch
        {
            MissedRuns.Many => $" About {finding.Count} runs were due since {finding.Earliest.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}, which is more than 100: the event TooManyMissedTimes is written, and the others are dropped.",
            MissedRuns.Few when finding.Count > 1 => $" About {finding.Count} runs were due; the others are dropped.",
            _ => "",
        };
        return finding switch
        {
            { Error: not null } => "The schedule has no second run within five years: the controller starts nothing (event InvalidSchedule).",
            _ when job.Suspend => "The CronJob is suspended: nothing is started.",
            { MostRecent: null, Missed: MissedRuns.None } => "No run is due.",
            { MostRecent: null } => "No run is found, because the controller estimates from the distance of the first two runs and the schedule is irregular: it looks again at the next run.",
            _ when late => $"The run of {recent} is later than the starting deadline of {job.StartingDeadlineSeconds} s: it is not started (event MissSchedule).",
            _ when done => $"The run of {recent} was started already.",
            _ => $"The run of {recent} is started now.{missed}",
        };
    }
}
