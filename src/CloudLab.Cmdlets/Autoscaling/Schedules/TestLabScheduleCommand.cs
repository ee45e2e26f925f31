using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Schedules;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Tests whether Kubernetes accepts a schedule, says what is wrong and where, and what it means.</summary>
/// <remarks>
/// <para>
/// The decision is that of the API server of Kubernetes 1.36 on a new CronJob: on the schedule, on the time zone, and on the length of its name (52 characters). What is wrong is shown
/// with its column, what to write instead, and what the API server says. Forms of other dialects are named: @reboot, fields for seconds and
/// years, L, W and # of Quartz, H of Jenkins, 7 for Sunday.
/// </para>
/// <para>
/// A schedule that is accepted may still not be meant. Findings tell of schedules that never fire (31 February), of runs in the next three
/// years that a change of clocks skips or repeats, of whole days that the controller loses where the clocks skip midnight, of two restricted day fields (either is enough), of steps that are too large or do not
/// divide the field, of months without the day, and of @every, which does not start at the full hour.
/// </para>
/// <para>
/// -OldSchedule tests the change of a stored CronJob: there a time zone in the schedule remains accepted if the stored one has one.
/// Input is the same as for Get-LabSchedule. -Quiet writes only $true or $false.
/// </para>
/// <para>Errors: ScheduleMissing, NoCronJob, CronJobInvalid, ManifestNotFound and ManifestSyntax. A schedule that is refused is a result and not an error.</para>
/// </remarks>
/// <example>
/// <para>What is wrong with a schedule, and what to write.</para>
/// <code>Test-LabSchedule '0 24 * * 7' | Select-Object Valid, Column, Problem, Correction</code>
/// </example>
/// <example>
/// <para>Which runs a change of clocks skips or repeats.</para>
/// <code>Test-LabSchedule '30 2 * * *' -TimeZone Europe/Berlin | Select-Object SkippedTime, RepeatedTime</code>
/// </example>
/// <example>
/// <para>A gate for a script.</para>
/// <code>if (-not (Test-LabSchedule '0 9 * * MON-FRI' -Quiet)) { throw 'The schedule is wrong.' }</code>
/// </example>
/// <inputtype>Schedules as text, output of Get-LabResource cronjobs, manifests (text or files), objects with the property Schedule.</inputtype>
[Cmdlet(VerbsDiagnostic.Test, "LabSchedule", DefaultParameterSetName = ScheduleSet)]
[OutputType(typeof(LabScheduleTest), typeof(bool))]
public sealed class TestLabScheduleCommand : ScheduleInputCommand
{
    /// <summary>Time zone to test, as the field <c>timeZone</c> of schedules that come without one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    [AllowEmptyString]
    public string? TimeZone { get; set; }

    /// <summary>Schedule of the stored CronJob: tests the change of it instead of a new one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ScheduleCompleter))]
    [ValidateNotNullOrEmpty]
    public string? OldSchedule { get; set; }

    /// <summary>Time zone of the stored CronJob, with -OldSchedule.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TimeZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? OldTimeZone { get; set; }

    /// <summary>Where the next run and changes of clocks are looked for; now if omitted. Without an offset it is UTC.</summary>
    [Parameter]
    [UtcTime]
    public DateTimeOffset? From { get; set; }

    /// <summary>Writes only $true or $false for each schedule.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override string? DefaultTimeZone => MyInvocation.BoundParameters.ContainsKey(nameof(TimeZone)) ? TimeZone : null;

    /// <inheritdoc/>
    protected override void OnBegin() => From ??= DateTimeOffset.UtcNow;

    /// <inheritdoc/>
    protected override async Task TakeAsync(CronJobSchedule job, CancellationToken cancellation)
    {
        LabScheduleTest result = ScheduleTester.Test(job, From!.Value, OldSchedule, OldTimeZone);
        await WriteAsync(Quiet ? result.Valid : result, cancellation);
    }
}
