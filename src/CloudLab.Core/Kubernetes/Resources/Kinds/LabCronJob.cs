using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A cron job.</summary>
public sealed class LabCronJob : LabResource
{
    internal LabCronJob(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>When it runs: <c>0 3 * * *</c>.</summary>
    public string? Schedule => SpecFields.Text("schedule");

    /// <summary>Time zone of the schedule; null for the controller's own.</summary>
    public string? TimeZone => SpecFields.Text("timeZone");

    /// <summary>Whether it is suspended.</summary>
    public bool Suspend => SpecFields.Flag("suspend");

    /// <summary>The schedule in plain words; null where it is none.</summary>
    public string? Description => Read(job => ScheduleCalculator.Describe(job));

    /// <summary>What happens while a run still goes on: <c>Allow</c>, <c>Forbid</c>, <c>Replace</c>.</summary>
    public string ConcurrencyPolicy => SpecFields.Text("concurrencyPolicy") ?? "Allow";

    /// <summary>How many seconds late a run may start; null for any time.</summary>
    public long? StartingDeadlineSeconds => SpecFields.Number("startingDeadlineSeconds");

    /// <summary>Jobs that run.</summary>
    public long Active => StatusFields.Objects("active").Count();

    /// <summary>Names of the jobs that run.</summary>
    public TextList<string> ActiveJobs => [.. StatusFields.Objects("active").Select(job => job.Text("name")).OfType<string>()];

    /// <summary>When it last ran; null where it never did.</summary>
    public DateTimeOffset? LastScheduleTime => ResourceParts.Time(StatusFields.Text("lastScheduleTime"));

    /// <summary>When a run last ended well; null where none did.</summary>
    public DateTimeOffset? LastSuccessfulTime => ResourceParts.Time(StatusFields.Text("lastSuccessfulTime"));

    /// <summary>When it runs next, UTC; null while it is suspended, and where the schedule never fires.</summary>
    public DateTimeOffset? NextScheduleTime => Next?.Time;

    /// <summary>The same on the clocks of its time zone, with their offset.</summary>
    public DateTimeOffset? NextLocalTime => Next?.LocalTime;

    /// <summary>Runs that were due since the last one, or since it was created, and did not start; 101 for more than a hundred.</summary>
    public int Missed => Misses.Count;

    /// <summary>Why they did not start, and what becomes of them; null where there are none.</summary>
    public string? MissedReason => Misses.Reason;

    /// <summary>How the newest job ended: <c>Complete</c>, <c>Failed</c>, <c>Running</c>; null where there is none, or where it was not asked for (Get-LabCronJob does).</summary>
    public string? LastResult { get; internal set; }

    /// <summary>Why the newest job failed; null where it did not.</summary>
    public string? LastFailure { get; internal set; }

    /// <summary>Name of the newest job; null as <see cref="LastResult"/>.</summary>
    public string? LastJob { get; internal set; }

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    private LabScheduledRun? Next => Suspend ? null : Read(job => ScheduleCalculator.Runs(job, DateTimeOffset.UtcNow, null).FirstOrDefault());

    private (int Count, string? Reason) Misses => Read<(int, string?)?>(job => CronJobMisses.Of(job, ConcurrencyPolicy, ActiveJobs, DateTimeOffset.UtcNow)) ?? (0, null);

    // A cluster of before may have accepted what is no schedule now.
    private T? Read<T>(Func<CronJobSchedule, T?> what)
    {
        try
        {
            return CronJobSchedule.FromJson(Content) is [{ } job] ? what(job) : default;
        }
        catch (LabException)
        {
            return default;
        }
    }

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
