using CloudLab.Core.Autoscaling.Schedules;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>Says which runs of a CronJob did not start, and why. Pure: it asks no cluster.</summary>
internal static class CronJobMisses
{
    private const int Most = 100;

    // What a controller that is up takes to see that a run is due, and to write its status.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(10);

    /// <summary>Looks for runs that did not start.</summary>
    /// <param name="job">The CronJob.</param>
    /// <param name="policy">Its concurrencyPolicy.</param>
    /// <param name="active">Jobs that run.</param>
    /// <param name="now">The time.</param>
    /// <returns>How many, 101 for more than a hundred, and why; null without.</returns>
    public static (int Count, string? Reason) Of(CronJobSchedule job, string policy, IReadOnlyList<string> active, DateTimeOffset now)
    {
        if ((job.LastScheduleTime ?? job.CreationTimestamp) is not { } since)
        {
            return (0, null);
        }

        DateTimeOffset[] runs = [.. ScheduleCalculator.Runs(job, since, now).Select(run => run.Time).Take(Most + 1)];
        if (runs.Length == 0)
        {
            return (0, null);
        }

        LabMissedRun resumed = ScheduleCalculator.Missed(job with { Suspend = false }, now);
        string missed = $"{(runs.Length > Most ? "More than 100 runs" : runs.Length == 1 ? $"The run of {Text(runs[0])}" : $"{runs.Length} runs")}{(runs.Length == 1 ? "" : $" since {Text(since)}")} did not start";
        string given = job.StartingDeadlineSeconds is { } deadline ? $"startingDeadlineSeconds is {deadline}" : "";
        if (job.Suspend)
        {
            return (runs.Length, $"{missed}: it is suspended. {(resumed.StartsJob ? $"When it is resumed, the run of {Text(resumed.MostRecentTime!.Value)} starts at once{(runs.Length > 1 ? ", the others are dropped" : "")}." : given.Length > 0 ? $"When it is resumed, none of them starts any more, because {given}." : "None of them starts when it is resumed.")}");
        }

        if (!resumed.StartsJob)
        {
            return (runs.Length, $"{missed} in time, and none of them starts any more{(given.Length > 0 ? $", because {given}" : $": {resumed.Reason}")}.");
        }

        if (policy == "Forbid" && active.Count > 0)
        {
            return (runs.Length, $"{missed}: concurrencyPolicy is Forbid, and the job {string.Join(", ", active)} still runs. When it ends, the run of {Text(resumed.MostRecentTime!.Value)} starts{(runs.Length > 1 ? ", the others are dropped" : "")}.");
        }

        if (now - resumed.MostRecentTime!.Value < Slack && runs.Length == 1)
        {
            return (0, null);
        }

        string many = runs.Length > Most ? " It will say so in an event (TooManyMissedTimes)." : "";
        return (runs.Length, $"{missed}: the CronJob controller has not got to it. Check that kube-controller-manager runs; when it does, the run of {Text(resumed.MostRecentTime!.Value)} starts{(runs.Length > 1 ? ", the others are dropped" : "")}.{many}");
    }

    private static string Text(DateTimeOffset time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
}
