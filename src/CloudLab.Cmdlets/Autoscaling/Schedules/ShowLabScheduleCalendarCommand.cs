using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Autoscaling.Schedules.Calendar;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Shows when many schedules run: which collide, how many start at the full hour, and how to spread them.</summary>
/// <remarks>
/// <para>
/// All schedules are counted minute by minute over the days of the calendar. The result has the fullest minutes with the names of the CronJobs,
/// the share of runs at minute 0 of an hour, the runs by hour and by minute, a picture of the day, and proposals: schedules that run at one
/// minute of an hour, or at even distances (*/10), are moved within their hours to minutes in which less runs. They run as often as before.
/// </para>
/// <para>
/// @every is counted from the beginning of the calendar, because its real beginning is that of the last run. CronJobs that are suspended are left out.
/// Input is the same as for Get-LabSchedule. Runs are as the CronJob controller computes them, changes of clocks included.
/// </para>
/// <para>Errors: ScheduleInvalid, UnknownTimeZone, ScheduleMissing, NoCronJob, CronJobInvalid, ManifestNotFound and ManifestSyntax, each for one
/// input; the others are counted. ScheduleMissing also where no input is left.</para>
/// </remarks>
/// <example>
/// <para>Three schedules that meet at the full hour, and a proposal to spread them.</para>
/// <code>'0 * * * *', '@daily', '*/15 * * * *' | Show-LabScheduleCalendar -Days 1 | Select-Object PeakRunCount, SpreadPeakRunCount, Spread</code>
/// </example>
/// <example>
/// <para>The ten fullest minutes of a year.</para>
/// <code>('0 9 * * 1-5', '0 9 1 * *', '30 8 * * *' | Show-LabScheduleCalendar -TimeZone Europe/London -Days 365 -Top 10).Collision</code>
/// </example>
/// <inputtype>Schedules as text, output of Get-LabResource cronjobs, manifests (text or files), objects with the property Schedule.</inputtype>
/// <seealso cref="GetLabScheduleCommand"/>
/// <seealso cref="TestLabScheduleCommand"/>
/// <seealso cref="Kubernetes.Autoscaling.GetLabCronJobCommand"/>
[Cmdlet(VerbsCommon.Show, "LabScheduleCalendar", DefaultParameterSetName = ScheduleSet)]
[OutputType(typeof(LabScheduleCalendar))]
public sealed class ShowLabScheduleCalendarCommand : ScheduleInputCommand
{
    private readonly ScheduleCalendar calendar = new();
    private int suspended;

    /// <summary>Time zone of schedules that name none, by its IANA name: <c>Europe/London</c>. UTC if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TimeZone { get; set; }

    /// <summary>Beginning of the calendar; now if omitted. Without an offset it is UTC.</summary>
    [Parameter]
    [UtcTime]
    public DateTimeOffset? From { get; set; }

    /// <summary>How many days the calendar has.</summary>
    [Parameter]
    [ValidateRange(1, 3660)]
    public int Days { get; set; } = 7;

    /// <summary>How many of the fullest minutes to name.</summary>
    [Parameter]
    [ValidateRange(0, 10_000)]
    public int Top { get; set; } = 5;

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
        if (From < DateTimeOffset.UnixEpoch || From.Value.Year > 9900)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidFrom", "-From must be between 1970 and 9900.");
        }
    }

    /// <inheritdoc/>
    protected override Task TakeAsync(CronJobSchedule job, CancellationToken cancellation)
    {
        suspended += calendar.Add(job) ? 0 : 1;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (suspended > 0)
        {
            Reporter.Verbose($"{suspended} suspended CronJobs are left out.");
        }

        if (calendar.Count == 0)
        {
            WriteProblem(new LabException(LabErrorKind.InvalidData, "ScheduleMissing", "There is no schedule to show: pass schedules or CronJobs that are not suspended."), null);
            return;
        }

        await WriteAsync(calendar.Build(From!.Value, Days, Top, Reporter, cancellation), cancellation);
    }
}
