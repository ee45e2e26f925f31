using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Gets the next runs of a schedule as the CronJob controller computes them, or what it does about missed runs.</summary>
/// <remarks>
/// <para>
/// A schedule has five fields (minute, hour, day of month, month, day of week) or is one of @hourly, @daily, @midnight, @weekly, @monthly,
/// @yearly, @annually and @every with a duration. No cluster is contacted. Where day of month and day of week are both restricted, either
/// is enough. A time that the clocks skip does not run, and a time that they show twice runs twice. If there is no run within
/// five years, the schedule never fires.
/// </para>
/// <para>
/// Input is text, CronJobs from Get-LabResource, hashtables, objects with the properties Schedule, TimeZone and Name (as from Import-Csv), or
/// manifests: their text, files and folders.
/// </para>
/// <para>
/// With -Missed, the cmdlet shows what the controller does at a given time about runs since the last one: it starts at most one job, for the
/// most recent run that is not later than startingDeadlineSeconds.
/// </para>
/// <para>
/// Times are UTC, and without a time zone the schedule is as well, because the controllers of clusters run in UTC. The rules are those of
/// Kubernetes 1.36 (pkg/controller/cronjob) with robfig/cron 3.0.1.
/// </para>
/// <para>Errors: ScheduleInvalid with the column and a correction; UnknownTimeZone; ScheduleMissing; NoCronJob; CronJobInvalid;
/// CreationTimestampMissing; ManifestNotFound; ManifestSyntax. Each concerns one input, and the others continue. An unknown -TimeZone ends the command, as do InvalidFrom and InvalidUntil.</para>
/// </remarks>
/// <example>
/// <para>The next runs of a schedule, with its meaning.</para>
/// <code>Get-LabSchedule '*/10 * * * *' -Count 3 | Format-List Time, Wait, Description</code>
/// </example>
/// <example>
/// <para>The runs on the night on which the clocks go back: 02:30 runs twice.</para>
/// <code>Get-LabSchedule '30 2 * * *' -TimeZone Europe/Berlin -From '2026-10-24 12:00' -Until '2026-10-26 12:00' | Select-Object Time, LocalTime</code>
/// </example>
/// <example>
/// <para>The next run of every CronJob in a manifest.</para>
/// <code>
/// @'
/// apiVersion: batch/v1
/// kind: CronJob
/// metadata: { name: report }
/// spec: { schedule: "0 9 * * 1-5", timeZone: Europe/London }
/// '@ | Get-LabSchedule -Count 1
/// </code>
/// </example>
/// <example>
/// <para>What the controller does after it was away for a day.</para>
/// <code>Get-LabSchedule '*/5 * * * *' -Missed -LastScheduleTime '2026-03-01 08:00' -Now '2026-03-02 08:02' | Select-Object Missed, MostRecentTime, Reason</code>
/// </example>
/// <inputtype>Schedules as text, output of Get-LabResource cronjobs, manifests (text or files), objects with the property Schedule.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabSchedule", DefaultParameterSetName = ScheduleSet)]
[OutputType(typeof(LabScheduledRun), ParameterSetName = [ScheduleSet, ManifestSet, LiteralPathSet])]
[OutputType(typeof(LabMissedRun), ParameterSetName = [MissedScheduleSet, MissedManifestSet, MissedLiteralPathSet])]
public sealed class GetLabScheduleCommand : ScheduleCommand
{
    private const string MissedScheduleSet = "MissedSchedule";
    private const string MissedManifestSet = "MissedManifest";
    private const string MissedLiteralPathSet = "MissedLiteralPath";
    private const int DefaultCount = 5;
    private const int Page = 512;

    /// <summary>Schedules, such as <c>0 9 * * 1-5</c>; or CronJobs, manifests and files from the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = ScheduleSet)]
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = MissedScheduleSet)]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    [AllowEmptyString]
    [InputAsWritten]
    public object[] Schedule { get; set; } = [];

    /// <summary>Manifest files with CronJobs (YAML or JSON), or folders of them; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ManifestSet)]
    [Parameter(Mandatory = true, ParameterSetName = MissedManifestSet)]
    [Alias("Path")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Manifest { get; set; } = [];

    /// <summary>Manifest files or folders, without wildcards.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = MissedLiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Time zone of schedules that name none, by its IANA name: <c>Europe/London</c>. UTC if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TimeZone { get; set; }

    /// <summary>Runs after this time; now if omitted. Without an offset it is UTC.</summary>
    [Parameter(ParameterSetName = ScheduleSet)]
    [Parameter(ParameterSetName = ManifestSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [UtcTime]
    public DateTimeOffset? From { get; set; }

    /// <summary>How many runs of each schedule: 5 if omitted, or all of them with -Until.</summary>
    [Parameter(ParameterSetName = ScheduleSet)]
    [Parameter(ParameterSetName = ManifestSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Alias("First")]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>The last time of interest. Without an offset it is UTC.</summary>
    [Parameter(ParameterSetName = ScheduleSet)]
    [Parameter(ParameterSetName = ManifestSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [UtcTime]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Shows what the controller does about missed runs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = MissedScheduleSet)]
    [Parameter(Mandatory = true, ParameterSetName = MissedManifestSet)]
    [Parameter(Mandatory = true, ParameterSetName = MissedLiteralPathSet)]
    public SwitchParameter Missed { get; set; }

    /// <summary>When the CronJob ran last; that of its status if omitted.</summary>
    [Parameter(ParameterSetName = MissedScheduleSet)]
    [Parameter(ParameterSetName = MissedManifestSet)]
    [Parameter(ParameterSetName = MissedLiteralPathSet)]
    [UtcTime]
    public DateTimeOffset? LastScheduleTime { get; set; }

    /// <summary>When the CronJob was created; that of its metadata if omitted. It counts until there is a last run.</summary>
    [Parameter(ParameterSetName = MissedScheduleSet)]
    [Parameter(ParameterSetName = MissedManifestSet)]
    [Parameter(ParameterSetName = MissedLiteralPathSet)]
    [UtcTime]
    public DateTimeOffset? CreationTimestamp { get; set; }

    /// <summary>How many seconds late a run may start; that of its spec if omitted.</summary>
    [Parameter(ParameterSetName = MissedScheduleSet)]
    [Parameter(ParameterSetName = MissedManifestSet)]
    [Parameter(ParameterSetName = MissedLiteralPathSet)]
    [ValidateRange(0, int.MaxValue)]
    public int? StartingDeadlineSeconds { get; set; }

    /// <summary>The time at which the controller looks; now if omitted.</summary>
    [Parameter(ParameterSetName = MissedScheduleSet)]
    [Parameter(ParameterSetName = MissedManifestSet)]
    [Parameter(ParameterSetName = MissedLiteralPathSet)]
    [UtcTime]
    public DateTimeOffset? Now { get; set; }

    /// <inheritdoc/>
    protected override string? DefaultTimeZone => TimeZone;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        if (TimeZone is not null)
        {
            ScheduleZone.Get(TimeZone);
        }

        From ??= DateTimeOffset.UtcNow;
        Now ??= DateTimeOffset.UtcNow;
        if (From.Value.Year is < 1900 or > 9990)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidFrom", "-From must be between the years 1900 and 9990.");
        }

        if (Until < From)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidUntil", $"-Until ({Until.Value.UtcDateTime:u}) is before -From ({From.Value.UtcDateTime:u}).");
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess() => Read(Schedule, Manifest, LiteralPath);

    /// <inheritdoc/>
    protected override async Task TakeAsync(CronJobSchedule job, CancellationToken cancellation)
    {
        if (Missed)
        {
            CronJobSchedule given = job with
            {
                LastScheduleTime = LastScheduleTime ?? job.LastScheduleTime,
                CreationTimestamp = CreationTimestamp ?? job.CreationTimestamp,
                StartingDeadlineSeconds = StartingDeadlineSeconds ?? job.StartingDeadlineSeconds,
            };
            await WriteAsync(ScheduleCalculator.Missed(given, Now!.Value), cancellation);
            return;
        }

        int count = Count ?? (Until is null ? DefaultCount : int.MaxValue);
        bool any = false;
        if (job.Suspend)
        {
            Reporter.Warning($"{job} is suspended: these runs do not start until spec.suspend is false.");
        }

        foreach (LabScheduledRun[] page in ScheduleCalculator.Runs(job, From!.Value, Until).Take(count).Chunk(Page))
        {
            cancellation.ThrowIfCancellationRequested();
            any = true;
            if (page.Length < Page)
            {
                await WriteManyAsync(page, cancellation);
            }
            else
            {
                await WritePageAsync(page);
            }
        }

        if (!any && !ScheduleCalculator.Runs(job, From!.Value, null).Any())
        {
            Reporter.Warning($"{job} never fires: no date within five years matches. Test-LabSchedule says why.");
        }
    }
}
