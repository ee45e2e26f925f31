using System.Globalization;
using System.Numerics;

namespace CloudLab.Core.Autoscaling.Schedules.Calendar;

/// <summary>Moves a schedule by some minutes within its hours: it runs as often as before.</summary>
internal static class ScheduleShift
{
    /// <summary>The minutes by which a schedule can be moved.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>0 and others; only 0 where its minutes are a list of somebody's choice, or every minute.</returns>
    public static int[] Possible(CronSchedule schedule)
    {
        // Its own prefix makes it one that Kubernetes refuses; it is left as it is.
        if (schedule.Every > 0 || schedule.OwnZone is not null || schedule.Minutes == 0)
        {
            return [0];
        }

        int first = BitOperations.TrailingZeroCount(schedule.Minutes), step = Step(schedule);
        return step == 0 ? [0] : [.. Enumerable.Range(0, step).Select(minute => minute - first).OrderBy(shift => shift == 0 ? 0 : 1).ThenBy(Math.Abs)];
    }

    /// <summary>A minute of the day, moved within its hour.</summary>
    /// <param name="minute">Minute of the day.</param>
    /// <param name="shift">By how many minutes.</param>
    /// <returns>Minute of the day.</returns>
    public static int Moved(int minute, int shift) => (minute / 60 * 60) + (((minute % 60) + shift + 60) % 60);

    /// <summary>The schedule, moved.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="shift">By how many minutes, one of the possible ones.</param>
    /// <returns>Its text.</returns>
    public static string Write(CronSchedule schedule, int shift)
    {
        int first = BitOperations.TrailingZeroCount(schedule.Minutes) + shift, step = Step(schedule);
        string minute = step == 60 ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-59/{step}");
        string text = schedule.Text.Trim();
        string rest = text switch
        {
            "@yearly" or "@annually" => "0 1 1 *",
            "@monthly" => "0 1 * *",
            "@weekly" => "0 * * 0",
            "@daily" or "@midnight" => "0 * * *",
            "@hourly" => "* * * *",
            _ => string.Join(' ', CronParser.Words(text, 0, text.Length).Skip(1).Select(word => word.Text)),
        };
        return $"{minute} {rest}";
    }

    // 60 for one minute, the distance for minutes at the same distance that go all round the hour, else 0.
    private static int Step(CronSchedule schedule)
    {
        int count = BitOperations.PopCount(schedule.Minutes);
        int first = BitOperations.TrailingZeroCount(schedule.Minutes);
        int step = 60 / count;
        return 60 % count == 0 && step > 1 && first < step && schedule.Minutes == CronField.Bits(first, 59, step) ? step : count == 1 ? 60 : 0;
    }
}
