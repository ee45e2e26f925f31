using System.Text.RegularExpressions;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Decides as the API server of Kubernetes 1.36 does on the schedule and the time zone of a CronJob, and says what it says.</summary>
internal static partial class CronJobValidation
{
    /// <summary>How many characters a CronJob's name may have: the names of its jobs add a dash and ten digits, and have 63 at most.</summary>
    public const int LongestName = 52;

    private const string Schedule = "spec.schedule";
    private const string TimeZone = "spec.timeZone";

    /// <summary>Decides on a new CronJob, or a change of one.</summary>
    /// <param name="schedule">Its schedule.</param>
    /// <param name="timeZone">Its time zone, or null.</param>
    /// <param name="old">Schedule and time zone of the stored one, for a change.</param>
    /// <returns>The field and the detail of each refusal; none where it is accepted. A missing schedule has an empty detail.</returns>
    public static List<(string Field, string Detail)> Check(string schedule, string? timeZone, (string Schedule, string? TimeZone)? old = null)
    {
        List<(string, string)> problems = [];
        bool mentionsZone = schedule.Contains("TZ", StringComparison.Ordinal);
        bool mayMentionZone = old is { } stored && stored.Schedule.Contains("TZ", StringComparison.Ordinal);
        if (schedule.Length == 0)
        {
            problems.Add((Schedule, ""));
        }
        else
        {
            CronParser.Parse(schedule, out CronProblem? problem);
            if (problem is not null)
            {
                problems.Add((Schedule, problem.ApiText));
            }

            if (mentionsZone && mayMentionZone && timeZone is not null)
            {
                problems.Add((Schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"));
            }
            else if (mentionsZone && !mayMentionZone)
            {
                problems.Add((Schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
            }
        }

        if (timeZone is not null && !(old is { } before && before.TimeZone == timeZone))
        {
            problems.AddRange(ZoneProblems(timeZone).Select(detail => (TimeZone, detail)));
        }

        return problems;
    }

    /// <summary>What the API server says of a time zone.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The details of its refusals; none where it is accepted.</returns>
    public static List<string> ZoneProblems(string name)
    {
        if (name.Length == 0)
        {
            return ["timeZone must be nil or non-empty string"];
        }

        if (name.Split('/').Any(part => part is "." or ".." || part.StartsWith('-') || !Part().IsMatch(part)))
        {
            return [$"unknown time zone {name}"];
        }

        List<string> problems = [];
        if (string.Equals(name, "Local", StringComparison.OrdinalIgnoreCase))
        {
            problems.Add("timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        }

        if (ScheduleZone.Find(name, out string? problem) is null)
        {
            problems.Add(problem!);
        }

        return problems;
    }

    [GeneratedRegex(@"^[A-Za-z._0-9+-]{1,14}\z")]
    private static partial Regex Part();
}
