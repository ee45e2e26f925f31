using System.Globalization;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Autoscaling.Schedules.Calendar;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CloudLab.Tests.Autoscaling.Schedules;

[Trait("Area", "Autoscaling")]
public sealed class CronScheduleTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    // By hand, ten of them: both day fields mean either; a star with step 1 is a star; the clocks; five years.
    [Theory]
    [InlineData("*/10 * * * *", null, "2026-03-01T08:04:00Z", "2026-03-01T08:10:00Z")]
    [InlineData("0 0 13 * 5", null, "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z")] // the first Friday, before the 13th
    [InlineData("0 0 13 * */1", null, "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z")] // */1 is a star: only the 13th
    [InlineData("0 0 13 * */2", null, "2026-03-01T12:00:00Z", "2026-03-03T00:00:00Z")] // */2 is none: Tuesday is enough
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z")] // the 29th has no 02:30
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")] // and the 25th has two
    [InlineData("0 0 29 2 *", null, "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("0 0 29 2 *", null, "2096-03-01T00:00:00Z", null)] // 2100 has none, and 2104 is too far
    [InlineData("59 23 31 2 *", null, "2026-03-01T00:00:00Z", null)]
    [InlineData("@every 90m", null, "2026-03-01T00:00:30Z", "2026-03-01T01:30:30Z")]
    public void The_next_run(string schedule, string? zone, string after, string? next)
    {
        DateTimeOffset from = DateTimeOffset.Parse(after, CultureInfo.InvariantCulture);
        LabScheduledRun? run = ScheduleCalculator.Runs(new CronJobSchedule { Schedule = schedule, TimeZone = zone }, from, null).FirstOrDefault();
        Assert.Equal(next is null ? null : DateTimeOffset.Parse(next, CultureInfo.InvariantCulture), run?.Time);
    }

    [Theory]
    [InlineData("5 * * * *", "At minute 5 of every hour.")]
    [InlineData("*/10 * * * *", "Every 10 minutes.")]
    [InlineData("*/7 * * * *", "Every 7 minutes, beginning anew each hour.")]
    [InlineData("* * * * *", "Every minute.")]
    [InlineData("30 2 * * *", "At 02:30, every day.")]
    [InlineData("0 9,17 * * 1-5", "At 09:00 and 17:00, on Monday to Friday.")]
    [InlineData("0 0 13 * 5", "At 00:00, on day 13 of the month or on Friday (either is enough).")]
    [InlineData("0 0 1 */3 *", "At 00:00, on day 1 of the month in January, April, July and October.")]
    [InlineData("*/15 9-17 * * *", "Every 15 minutes of every hour from 09:00 to 17:59, every day.")]
    [InlineData("@yearly", "At 00:00, on day 1 of the month in January.")]
    [InlineData("@every 1h30m", "Every 1 h 30 min, counted from the previous run.")]
    [InlineData(",, * * * *", "Never: a field has no value.")]
    public void In_words(string schedule, string words) =>
        Assert.Equal(words, CronDescription.Of(CronParser.Parse(schedule, out _)!));

    [Theory]
    [InlineData("0 24 * * *", 3, "'24' is outside the hour, which takes 0 to 23", "0 0 * * *")]
    [InlineData("60 * * * *", 1, "'60' is outside the minute", "0 * * * *")]
    [InlineData("0 9 * * 7", 9, "7 is not Sunday here", "0 9 * * 0")]
    [InlineData("0 9 * * 5-7", 9, "7 is not Sunday here", "0 9 * * 5-6,0")]
    [InlineData("*/0 * * * *", 1, "has the step 0", "* * * * *")]
    [InlineData("*/-5 * * * *", 3, "negative", "*/5 * * * *")]
    [InlineData("１ ２ * * *", 1, "full-width digits", "1 2 * * *")]
    [InlineData("1–5 * * * *", 1, "dash that is not the hyphen", "1-5 * * * *")]
    [InlineData("99999999999999999999 * * * *", 1, "too large", null)]
    [InlineData("1- * * * *", 3, "a number is missing in the minute", null)]
    [InlineData("0 20-3 * * *", 3, "ends before it begins", "0 20-23,0-3 * * *")]
    [InlineData("0 0 0 1 *", 5, "'0' is outside the day of month, which takes 1 to 31", "0 0 1 1 *")]
    [InlineData("0 0 * january *", 7, "names have three letters: JAN", "0 0 * jan *")]
    [InlineData("0 0 L * *", 5, "L is of Quartz", "0 0 28-31 * *")]
    [InlineData("0 0 15W * *", 5, "W is of Quartz", null)]
    [InlineData("0 0 * * 2#1", 9, "# is of Quartz", null)]
    [InlineData("0 0 * * 5L", 9, "L is of Quartz", null)]
    [InlineData("H * * * *", 1, "H is of Jenkins", "*")]
    [InlineData("0 0 12 * * ?", 12, "seconds, as in Quartz", "0 12 * * ?")]
    [InlineData("0 0 12 1 1 ? 2027", 12, "seven fields", "0 12 1 1 ?")]
    [InlineData("0 12 * * ? 2027", 12, "the last one is a year", "0 12 * * ?")]
    [InlineData("* * *", 6, "it has 3 fields instead of five", null)]
    [InlineData("0 0 * * * root /bin/true", 11, "belongs in the job template", null)]
    [InlineData("\"0 0 * * *\"", 1, "quotation marks", "0 0 * * *")]
    [InlineData("@reboot", 1, "a cluster has no start", null)]
    [InlineData("@HOURLY", 1, "must be in lower case", "@hourly")]
    [InlineData("@every 1d", 8, "days and weeks are not units", "@every 24h")]
    [InlineData("@every 5 minutes", 8, "is not a duration", "@every 5m")]
    [InlineData("@minutely", 1, "does not exist", "* * * * *")]
    [InlineData("", 1, "it is empty", null)]
    [InlineData("TZ=UTC", 7, "the five fields are missing", null)]
    [InlineData("TZ=Mars/Phobos 0 9 * * *", 4, "There is no time zone 'Mars/Phobos'", "0 9 * * *")]
    public void What_is_wrong_where_and_what_to_write(string schedule, int column, string reason, string? correction)
    {
        LabScheduleTest result = ScheduleTester.Test(new CronJobSchedule { Schedule = schedule }, Start);
        Assert.False(result.Valid);
        Assert.NotEmpty(result.ApiMessage);
        Assert.Equal(column, result.Column);
        Assert.Contains(reason, result.Problem, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\n", result.Problem!, StringComparison.Ordinal);
        if (correction == "*")
        {
            Assert.NotNull(result.Correction);
        }
        else
        {
            Assert.Equal(correction, result.Correction);
        }
    }

    [Theory]
    [InlineData("0 0 31 2 *", null, "NeverFires")]
    [InlineData(", * * * *", null, "NeverFires")]
    [InlineData("0 0 13 * 5", null, "EitherDay")]
    [InlineData("0 0 */2 * 1", null, "EitherDay")]
    [InlineData("0 0 1-31 * 1", null, "EitherDay")]
    [InlineData("0 0 31 * *", null, "ShortMonth")]
    [InlineData("0 0 31 3,4 *", null, "ShortMonth")]
    [InlineData("0 0 29 2 *", null, "ShortMonth")]
    [InlineData("*/90 * * * *", null, "StepTooLarge")]
    [InlineData("*/7 * * * *", null, "UnevenStep")]
    [InlineData("1,,2 * * * *", null, "EmptyItem")]
    [InlineData("@every 1h", null, "NotAligned")]
    [InlineData("@every 10s", null, "SameMinute")]
    [InlineData("30 2 * * *", "Europe/Berlin", "RunsSkipped")]
    [InlineData("30 2 * * *", "Europe/Berlin", "RunsTwice")]
    public void What_is_accepted_and_may_not_be_meant(string schedule, string? zone, string finding)
    {
        LabScheduleTest result = ScheduleTester.Test(new CronJobSchedule { Schedule = schedule, TimeZone = zone }, Start);
        Assert.True(result.Valid);
        Assert.Contains(result.Finding, one => one.Id == finding);
        Assert.Equal(finding == "NeverFires", result.NeverFires);
    }

    [Theory]
    [InlineData("0 9 * * 1-5", null)]
    [InlineData("*/15 * * * *", "America/New_York")] // every hour goes on through a change of clocks
    [InlineData("0 12 1 * ?", "Europe/London")]
    [InlineData("0 0 13 * */1", null)]
    [InlineData("0 23 31 12 *", null)]
    [InlineData("0 0 30 4,6 *", null)]
    public void What_is_as_it_should_be(string schedule, string? zone)
    {
        LabScheduleTest result = ScheduleTester.Test(new CronJobSchedule { Schedule = schedule, TimeZone = zone }, Start);
        Assert.True(result.Valid);
        Assert.Empty(result.Finding);
        Assert.NotNull(result.NextTime);
    }

    [Fact]
    public void The_changes_of_clocks_are_named_with_their_local_time()
    {
        LabScheduleTest result = ScheduleTester.Test(new CronJobSchedule { Schedule = "30 2 * * *", TimeZone = "Europe/Berlin" }, Start);
        Assert.Equal(["2026-03-29 02:30", "2027-03-28 02:30", "2028-03-26 02:30"], result.SkippedTime);
        Assert.Equal(["2026-10-25 02:30", "2027-10-31 02:30", "2028-10-29 02:30"], result.RepeatedTime);
    }

    /// <summary>The controller's library steps over a day whose midnight the clocks skip, in zones east of Greenwich: 9:00 on that Sunday exists and does not run.</summary>
    [Fact]
    public void A_day_without_midnight_is_lost()
    {
        CronJobSchedule job = new() { Schedule = "0 9 * * 0", TimeZone = "Asia/Beirut" };
        Assert.DoesNotContain(ScheduleCalculator.Runs(job, Start, Start.AddDays(40)), run => run.LocalTime.Date == new DateTime(2026, 3, 29));
        LabScheduleTest result = ScheduleTester.Test(job, Start);
        Assert.Equal("2026-03-29 09:00", result.SkippedTime[0]);
        Assert.Contains(result.Finding, finding => finding.Id == "DayLost");
        Assert.Empty(ScheduleTester.Test(job with { Schedule = "0 9 * * *" }, Start).SkippedTime);
    }

    [Theory]
    [InlineData("asia/shanghai", "Asia/Shanghai")]
    [InlineData("Eastern Standard Time", "America/New_York")]
    [InlineData("London", "Europe/London")]
    [InlineData("America/New York", "America/New_York")]
    [InlineData("UTC+12", "Etc/GMT-12")] // .NET knows it as a zone of Windows
    [InlineData("utc", "UTC")]
    [InlineData("Nowhere", null)]
    public void A_zone_that_does_not_exist_is_one_line_with_the_one_that_may_be_meant(string name, string? meant)
    {
        LabException e = Assert.Throws<LabException>(() => ScheduleZone.Get(name));
        Assert.Equal("UnknownTimeZone", e.Code);
        Assert.Contains(meant is null ? "IANA" : $"use '{meant}'", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Another way to the same runs: every minute of the time is asked whether the clock shows a time of the schedule.</summary>
    [Fact]
    public void The_runs_are_the_minutes_that_match()
    {
        Gen<string> Field(int min, int max) => Gen.OneOf(
            Gen.Constant("*"),
            Gen.Choose(min, max).Select(value => $"{value}"),
            Gen.Choose(2, 9).Select(step => $"*/{step}"),
            Gen.Choose(min, max).Two().Select(pair => $"{Math.Min(pair.Item1, pair.Item2)}-{Math.Max(pair.Item1, pair.Item2)}"));
        Arbitrary<(string, string, int)> inputs = (
            from minute in Field(0, 59)
            from hour in Field(0, 23)
            from day in Field(1, 31)
            from month in Field(1, 12)
            from weekday in Field(0, 6)
            from zone in Gen.Elements("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
            from offset in Gen.Choose(0, 365 * 2)
            select ($"{minute} {hour} {day} {month} {weekday}", zone, offset)).ToArbitrary();
        Prop.ForAll(inputs, input =>
        {
            (string text, string zone, int offset) = input;
            CronSchedule schedule = CronParser.Parse(text, out _)!.In(ScheduleZone.Get(zone));
            long from = Start.AddDays(offset).ToUnixTimeSeconds(), until = from + (4 * 86_400);
            ZoneClock clock = new(schedule.Zone);
            List<long> expected = [];
            for (long minute = from + 60; minute <= until; minute += 60)
            {
                if (schedule.Matches(clock.Read(minute)))
                {
                    expected.Add(minute);
                }
            }

            Assert.Equal(expected, schedule.Runs(from, until));
        }).QuickCheckThrowOnFailure();
    }

    /// <summary>The calendar counts days at once; the runs one by one are the same, changes of clocks included.</summary>
    [Theory]
    [InlineData("*/7 1-4 * * *", "Europe/Berlin")]
    [InlineData("30 2 * * *", "America/New_York")]
    [InlineData("0 0 13 * 5", "Australia/Lord_Howe")]
    [InlineData("15,45 * 1-31 * 1", "Asia/Kathmandu")]
    [InlineData("0 0 * * *", "America/Sao_Paulo")]
    [InlineData("@every 7h15m", null)]
    [InlineData("@every 25s", null)]
    public void The_calendar_counts_every_run(string text, string? zone)
    {
        CronJobSchedule job = new() { Schedule = text, TimeZone = zone };
        DateTimeOffset from = new(2018, 9, 1, 0, 0, 0, TimeSpan.Zero);
        ScheduleCalendar calendar = new();
        Assert.True(calendar.Add(job));
        LabScheduleCalendar counted = calendar.Build(from, 400, 3, NullReporter.Instance, default);
        // The calendar begins with its first minute; runs are after a time. @every counts from the beginning itself.
        DateTimeOffset after = text[0] == '@' ? from : from.AddSeconds(-1);
        Assert.Equal(ScheduleCalculator.Runs(job, after, from.AddDays(400).AddSeconds(-1)).LongCount(), counted.RunCount);
        Assert.Equal(counted.RunCount, counted.RunsByHour.Sum());
        Assert.Equal(counted.RunCount, counted.RunsByMinute.Sum());
    }

    [Fact]
    public void A_herd_at_the_full_hour_is_spread_and_runs_as_often_as_before()
    {
        ScheduleCalendar calendar = new();
        for (int i = 0; i < 40; i++)
        {
            calendar.Add(new CronJobSchedule { Name = $"job-{i}", Schedule = i % 4 == 0 ? "*/20 * * * *" : i % 4 == 1 ? "@hourly" : "0 3 * * *" });
        }

        calendar.Add(new CronJobSchedule { Name = "off", Schedule = "0 * * * *", Suspend = true });
        LabScheduleCalendar result = calendar.Build(Start, 7, 2, NullReporter.Instance, default);
        Assert.Equal(40, result.ScheduleCount);
        Assert.Equal(40, result.PeakRunCount);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 3, 0, 0, TimeSpan.Zero), result.PeakTime);
        Assert.Equal(["job-0", "job-1"], result.Collision[0].Name.Take(2));
        Assert.Equal(40, result.Collision[0].Name.Count);
        Assert.Equal(2, result.Collision.Count);
        Assert.True(result.SpreadPeakRunCount <= 2, $"{result.SpreadPeakRunCount} at once after the spread");
        foreach (LabScheduleSpread spread in result.Spread)
        {
            int Runs(string text) => ScheduleCalculator.Runs(new CronJobSchedule { Schedule = text }, Start.AddSeconds(-1), Start.AddDays(7).AddSeconds(-1)).Count();
            Assert.Equal(Runs(spread.Schedule), Runs(spread.Proposal));
            Assert.True(ScheduleTester.Test(new CronJobSchedule { Schedule = spread.Proposal }, Start).Valid);
        }
    }

    [Theory]
    [InlineData(52, true)]
    [InlineData(53, false)]
    public void A_new_CronJob_has_a_name_of_52_characters_at_most(int length, bool valid)
    {
        CronJobSchedule job = new() { Name = new string('a', length), Schedule = "0 * * * *" };
        LabScheduleTest found = ScheduleTester.Test(job, Start);
        Assert.Equal(valid, found.Valid);
        Assert.Equal(valid ? [] : [$"metadata.name: Invalid value: \"{job.Name}\": must be no more than 52 characters"], found.ApiMessage);
        Assert.Equal(valid ? null : "The name has 53 characters, and 52 are allowed, as the names of its jobs add 11: shorten it by 1.", found.Problem);
        // A stored one keeps its name.
        Assert.True(ScheduleTester.Test(job, Start, "0 * * * *").Valid);
    }
}
