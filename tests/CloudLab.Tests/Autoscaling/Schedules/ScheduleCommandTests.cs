using System.Collections;
using System.Management.Automation;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Autoscaling.Schedules.Calendar;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Schedules;

[Trait("Area", "Autoscaling")]
public sealed class ScheduleCommandTests
{
    private const string Manifest = """
        # two of them
        apiVersion: batch/v1
        kind: CronJob
        metadata: { name: report, namespace: lab }
        spec: { schedule: "0 9 * * *", timeZone: Europe/London, startingDeadlineSeconds: 60 }
        status: { lastScheduleTime: "2026-03-01T09:00:00Z" }
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: other }
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: { name: bad }
        spec: { schedule: "0 25 * * *" }
        """;

    [Fact]
    public async Task A_schedule_gives_its_next_runs()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "*/10 * * * *", From = "2026-03-01 08:04", Count = 2 });
        LabScheduledRun[] runs = [.. result.Ok().OutputOf<LabScheduledRun>()];
        Assert.Equal(["2026-03-01 08:10:00Z", "2026-03-01 08:20:00Z"], runs.Select(run => run.ToString()));
        Assert.Equal([TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(16)], runs.Select(run => run.Wait));
        Assert.Equal(("*/10 * * * *", "UTC", "Every 10 minutes."), (runs[0].Schedule, runs[0].TimeZone, runs[0].Description));
    }

    [Fact]
    public async Task Text_lines_of_a_manifest_and_objects_are_taken_and_one_bad_input_does_not_stop_the_others()
    {
        object?[] input =
        [
            "0 8 * * *", "0 8 * *", .. Manifest.Split('\n'),
        ];
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSchedule", new { From = "2026-07-01 00:00", Count = 1 }, input: input);
        Assert.Equal(["2026-07-01 08:00:00Z", "2026-07-01 08:00:00Z"], result.OutputOf<LabScheduledRun>().Select(run => run.ToString())); // 09:00 of London's summer
        Assert.Equal("report", result.OutputOf<LabScheduledRun>().Last().Name);
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, error => Assert.StartsWith("ScheduleInvalid", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal("bad ('0 25 * * *') is not a schedule: column 3, hour: '25' is outside the hour, which takes 0 to 23.", result.Errors[1].Exception.Message);
        Assert.Contains("end of range (25) above maximum (23): 25", result.Errors[1].ErrorDetails.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hashtables_and_objects_with_a_schedule_are_taken()
    {
        PSObject row = new();
        row.Properties.Add(new PSNoteProperty("Name", "row"));
        row.Properties.Add(new PSNoteProperty("Schedule", "0 9 * * *"));
        row.Properties.Add(new PSNoteProperty("TimeZone", "Asia/Tokyo"));
        Hashtable job = new()
        {
            ["kind"] = "CronJob", ["metadata"] = new Hashtable { ["name"] = "table" }, ["spec"] = new Hashtable { ["schedule"] = "0 10 * * *" },
        };
        CmdletResult result = await CmdletRunner.RunAsync(
            "Get-LabSchedule", new { From = "2026-07-01 00:00", Count = 1, TimeZone = "Europe/London" }, input: [row, job, new PSObject(42)]);
        Assert.Equal([("row", 0, 9), ("table", 9, 1)], result.OutputOf<LabScheduledRun>().Select(run => (run.Name!, run.Time.Hour, (int)run.LocalTime.Offset.TotalHours)));
        Assert.StartsWith("ScheduleMissing", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_zone_ends_the_command_with_one_line()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 9 * * *", TimeZone = "Mars/Phobos" });
        Assert.StartsWith("UnknownTimeZone", result.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("There is no time zone 'Mars/Phobos': give a name of the IANA database, such as Europe/London or UTC.", result.TerminatingError.Exception.Message);
    }

    [Fact]
    public async Task Times_beyond_the_calendar_of_NET_are_refused_and_runs_end_before_it()
    {
        CmdletResult early = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 9 * * *", TimeZone = "America/New_York", From = "0001-01-01" });
        Assert.StartsWith("InvalidFrom", early.TerminatingError!.FullyQualifiedErrorId, StringComparison.Ordinal);
        CmdletResult late = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 0 1 1 *", TimeZone = "Asia/Tokyo", From = "9990-06-01", Count = 100 });
        Assert.Equal(9, late.Ok().Output.Count);
    }

    [Fact]
    public async Task Files_and_folders_of_manifests_are_read()
    {
        string folder = Directory.CreateTempSubdirectory("cloudlab-cron").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "jobs.yaml"), Manifest);
            File.WriteAllText(Path.Combine(folder, "none.json"), """{ "kind": "ConfigMap", "apiVersion": "v1", "metadata": { "name": "x" } }""");
            CmdletResult result = await CmdletRunner.RunAsync("Test-LabSchedule", new { Manifest = Path.Combine(folder, "*.yaml") });
            Assert.Equal([true, false], result.Ok().OutputOf<LabScheduleTest>().Select(test => test.Valid));
            CmdletResult quiet = await CmdletRunner.RunAsync("Test-LabSchedule", new { LiteralPath = folder, Quiet = true });
            Assert.Equal([true, false], quiet.Ok().OutputOf<bool>());
            CmdletResult none = await CmdletRunner.RunAsync("Get-LabSchedule", new { Manifest = new[] { Path.Combine(folder, "none.json"), Path.Combine(folder, "missing.yaml") } });
            Assert.Equal(["NoCronJob", "ManifestUnreadable"], none.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Missed_runs_start_one_job_and_say_why()
    {
        CmdletResult many = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "*/5 * * * *", Missed = true, LastScheduleTime = "2026-03-01 08:00", Now = "2026-03-02 08:02" });
        LabMissedRun run = Assert.Single(many.Ok().OutputOf<LabMissedRun>());
        Assert.Equal((MissedRuns.Many, true, "2026-03-02T08:00:00.0000000+00:00"), (run.Missed, run.StartsJob, run.MostRecentTime!.Value.ToString("O")));
        Assert.Contains("TooManyMissedTimes", run.Reason, StringComparison.Ordinal);

        // The run of 09:00 is found, but the deadline of the manifest is over by then.
        CmdletResult late = await CmdletRunner.RunAsync("Get-LabSchedule", new { Missed = true, Now = "2026-03-02 09:02" }, input: [Manifest]);
        LabMissedRun none = Assert.Single(late.OutputOf<LabMissedRun>());
        Assert.Equal((null, false), (none.MostRecentTime, none.StartsJob));

        CmdletResult unknown = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 9 * * *", Missed = true });
        Assert.StartsWith("CreationTimestampMissing", Assert.Single(unknown.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_never_fires_is_a_warning_and_no_error()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 0 31 2 *" });
        Assert.Empty(result.Ok().Output);
        Assert.Contains("never fires", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_zone_in_the_schedule_is_refused_for_a_new_CronJob_and_stays_in_a_stored_one()
    {
        CmdletResult fresh = await CmdletRunner.RunAsync("Test-LabSchedule", new { Schedule = "TZ=Europe/London 0 9 * * *" });
        LabScheduleTest test = Assert.Single(fresh.Ok().OutputOf<LabScheduleTest>());
        Assert.Equal((false, "0 9 * * *", 1), (test.Valid, test.Correction, test.Column));
        Assert.Equal("A time zone in the schedule is refused: put it into the field timeZone (timeZone: Europe/London).", test.Problem);
        CmdletResult stored = await CmdletRunner.RunAsync("Test-LabSchedule", new { Schedule = "TZ=Europe/London 0 9 * * *", OldSchedule = "TZ=Europe/London 0 8 * * *" });
        Assert.True(Assert.Single(stored.Ok().OutputOf<LabScheduleTest>()).Valid);
    }

    [Fact]
    public async Task The_pipeline_can_stop_an_endless_schedule()
    {
        CmdletResult result = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "* * * * *", Count = int.MaxValue }, first: 3);
        Assert.Equal(3, result.Output.Count);
    }

    [Fact]
    public async Task The_output_of_one_is_the_input_of_the_others()
    {
        CmdletResult runs = await CmdletRunner.RunAsync("Get-LabSchedule", new { Schedule = "0 9 * * 1", TimeZone = "Europe/London", Count = 1 });
        CmdletResult tests = await CmdletRunner.RunAsync("Test-LabSchedule", input: runs.Output);
        LabScheduleTest test = Assert.Single(tests.Ok().OutputOf<LabScheduleTest>());
        Assert.Equal(("0 9 * * 1", "Europe/London", true), (test.Schedule, test.TimeZone, test.Valid));
        CmdletResult calendar = await CmdletRunner.RunAsync("Show-LabScheduleCalendar", new { Days = 14, From = "2026-03-01" }, input: tests.Output);
        Assert.Equal(2, Assert.Single(calendar.Ok().OutputOf<LabScheduleCalendar>()).RunCount);
    }
}
