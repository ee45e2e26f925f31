using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Tests.Module;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Schedules;

/// <summary>
/// What the real parser, the real controller and the real API server gave (Vectors/cron.json: robfig/cron v3.0.1 in Kubernetes 1.36.2). One
/// test for each kind of case, which counts the equal ones and names those that differ.
/// </summary>
[Trait("Area", "Autoscaling")]
public sealed class CronVectorTests
{
    private static readonly Lazy<JsonObject[]> Cases = new(() => [.. JsonNode.Parse(
        File.ReadAllText(Path.Combine(Repository.Folder, "tests", "CloudLab.Tests", "Autoscaling", "Vectors", "cron.json")))!["cases"]!.AsArray().Select(c => c!.AsObject())]);

    [Fact]
    public void Next_runs_of_680_schedules() => Compare("next", 680, Next);

    [Fact]
    public void What_the_API_server_says_of_680_new_CronJobs() => Compare("next", 680, one => Errors(one, "createErrors", null));

    [Fact]
    public void What_the_API_server_says_of_32_changes() => Compare("update", 32, one =>
        Errors(one, "createErrors", null) ?? Errors(one, "updateErrors", (Text(one, "oldSchedule")!, Text(one, "oldTimeZone"))));

    [Fact]
    public void Missed_runs_of_105_CronJobs() => Compare("missed", 105, Missed);

    // Soft by the file's meta are only zones that exist on one machine alone.
    private static void Compare(string kind, int count, Func<JsonObject, string?> difference)
    {
        JsonObject[] cases = [.. Cases.Value.Where(one => Text(one, "kind") == kind)];
        string[] different = [.. cases.Where(one => one["dependsOnSystemZoneFiles"] is null)
            .Select(one => difference(one) is { } what ? $"{Text(one, "id")} '{Text(one, "schedule")}' {Text(one, "timeZone")}: {what}" : null).OfType<string>()];
        Assert.True(different.Length == 0, $"{cases.Length - different.Length} of {cases.Length} equal.\n" + string.Join('\n', different.Take(20)));
        Assert.Equal(count, cases.Length);
    }

    private static string? Next(JsonObject one)
    {
        CronSchedule? schedule = CronParser.Parse(Text(one, "effective")!, out CronProblem? problem);
        if (problem?.ApiText != Text(one, "parseError"))
        {
            return $"{problem?.ApiText ?? "accepted"}, not {Text(one, "parseError")}";
        }

        if (schedule is null)
        {
            return null;
        }

        string[] expected = [.. one["next"]!.AsArray().Select(time => time!.ToString())];
        long from = Time(Text(one, "from")!).ToUnixTimeSeconds();
        string[] runs = [.. schedule.Runs(from, long.MaxValue).Take(5).Select(Utc)];
        if (!runs.SequenceEqual(expected))
        {
            return $"{string.Join(' ', runs)}, not {string.Join(' ', expected)} (from {Text(one, "from")})";
        }

        // The same on the clocks of the zone, with their offset.
        string[]? local = one["nextLocal"]?.AsArray().Select(time => time!.ToString()).ToArray();
        string[] shown = [.. schedule.Runs(from, long.MaxValue).Take(5).Select(run => ScheduleTime.In(schedule.Zone, run).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal))];
        return local is null || shown.SequenceEqual(local) ? null : $"local {string.Join(' ', shown)}, not {string.Join(' ', local)}";
    }

    private static string? Errors(JsonObject one, string property, (string Schedule, string? TimeZone)? old)
    {
        string[] expected = [.. (one[property]?.AsArray() ?? []).Select(error => $"{error!["field"]}: {error["detail"]}")];
        string[] said = [.. CronJobValidation.Check(Text(one, "schedule")!, Text(one, "timeZone"), old).Select(error => $"{error.Field}: {error.Detail}")];
        return said.SequenceEqual(expected) ? null : $"{property}: {string.Join("; ", said)}, not {string.Join("; ", expected)}";
    }

    private static string? Missed(JsonObject one)
    {
        CronSchedule schedule = CronParser.Parse(Text(one, "timeZone") is { } zone ? $"TZ={zone} {Text(one, "schedule")}" : Text(one, "schedule")!, out _)!;
        MissedRunSearch search = new(
            schedule, Time(Text(one, "created")!), Text(one, "lastScheduleTime") is { } last ? Time(last) : null,
            one["startingDeadlineSeconds"]?.GetValue<long>(), Time(Text(one, "now")!));
        MissedRunSearch.Finding finding = search.Find(withDeadline: true);
        JsonNode expected = one["out"]!;
        string[] wanted =
        [
            $"{expected["earliest"]}", $"{expected["mostRecent"]}", $"{expected["missed"]}", $"{expected["error"]}",
            $"{expected["requeueAfterMs"]}", $"{expected["jobName"]}",
        ];
        string[] found =
        [
            Utc(finding.Earliest.ToUnixTimeSeconds()), finding.MostRecent is { } recent ? Utc(recent.ToUnixTimeSeconds()) : "",
            finding.Missed.ToString().ToLowerInvariant(), finding.Error ?? "",
            // Go's shortest duration stands for a run that there is not.
            search.Requeue() is { } wait ? wait.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) : "-9223372036854",
            finding.MostRecent is { } run ? ScheduleTime.JobName("nightly", run) : "",
        ];
        return found.SequenceEqual(wanted) ? null : $"{string.Join(' ', found)}, not {string.Join(' ', wanted)}";
    }

    private static string? Text(JsonObject one, string property) => one[property]?.ToString();

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static string Utc(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
