using System.Globalization;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>A schedule in plain words.</summary>
internal static class CronDescription
{
    // So many times of day are named one by one.
    private const int MostTimes = 6;
    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    /// <summary>Describes a schedule.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>One sentence.</returns>
    public static string Of(CronSchedule schedule)
    {
        if (schedule.Every > 0)
        {
            return $"Every {Duration(schedule.Every)}, counted from the previous run.";
        }

        int[] minutes = Values(schedule.Minutes, CronField.Minute), hours = Values(schedule.Hours, CronField.Hour), months = Values(schedule.Bits[3], CronField.Month);
        if (minutes.Length == 0 || hours.Length == 0 || months.Length == 0)
        {
            return "Never: a field has no value.";
        }

        (string time, bool often) = Time(minutes, hours);
        string days = DaysOf(schedule);
        string month = months.Length == 12 ? "" : " in " + List(months, value => Months[value - 1]);
        if (days.Length == 0)
        {
            days = often && month.Length == 0 ? "" : ", every day";
        }

        return time + days + month + ".";
    }

    /// <summary>A length of time in words.</summary>
    /// <param name="seconds">Seconds.</param>
    /// <returns><c>1 h 30 min</c>.</returns>
    public static string Duration(long seconds) => string.Join(' ', new[]
    {
        seconds >= 3600 ? $"{seconds / 3600} h" : null,
        seconds % 3600 >= 60 ? $"{seconds % 3600 / 60} min" : null,
        seconds % 60 > 0 ? $"{seconds % 60} s" : null,
    }.OfType<string>());

    private static (string Text, bool Often) Time(int[] minutes, int[] hours)
    {
        bool allHours = hours.Length == 24;
        if (!allHours && minutes.Length * hours.Length <= MostTimes)
        {
            return ("At " + Join([.. hours.SelectMany(hour => minutes.Select(minute => Clock(hour, minute)))]), false);
        }

        int step = Step(minutes);
        string minute = minutes.Length == 60 ? "Every minute"
            : minutes.Length > 1 && step > 1 && minutes[0] < step && minutes[^1] + step >= 60
                ? $"Every {step} minutes{(minutes[0] > 0 ? $" from minute {minutes[0]}" : "")}{(60 % step == 0 ? "" : ", beginning anew each hour")}"
            : minutes is [var one] ? $"At minute {one}"
            : $"At minutes {List(minutes, Number)}";
        if (allHours)
        {
            return (minute + (minute.StartsWith("At", StringComparison.Ordinal) ? " of every hour" : ""), true);
        }

        int hourStep = Step(hours);
        string hour = hours is [var single] ? $" of the hour from {Clock(single, 0)}"
            : hourStep == 1 ? $" of every hour from {Clock(hours[0], 0)} to {Clock(hours[^1], 59)}"
            : hourStep > 1 && hours[0] < hourStep && hours[^1] + hourStep >= 24 ? $" of every {Ordinal(hourStep)} hour{(hours[0] > 0 ? $" from {Clock(hours[0], 0)}" : "")}"
            : $" of the hours {List(hours, Number)}";
        return (minute + hour, false);
    }

    private static string DaysOf(CronSchedule schedule)
    {
        int[] month = Values(schedule.Bits[2], CronField.DayOfMonth), week = Values(schedule.Bits[4], CronField.DayOfWeek);
        string ofMonth = month.Length == 0 ? "" : month.Length == 31 ? "on every day of the month"
            : Step(month) is > 1 and var step && month[0] <= step && month[^1] + step > 31 ? $"on every {Ordinal(step)} day of the month from day {month[0]}"
            : month is [var day] ? $"on day {day} of the month" : $"on days {List(month, Number)} of the month";
        string ofWeek = week.Length == 0 ? "" : week.Length == 7 ? "on every day of the week" : "on " + List(week, value => Days[value]);
        if (schedule.AnyDayOfMonth || schedule.AnyDayOfWeek)
        {
            string both = string.Join(" and ", new[] { month.Length == 31 ? "" : ofMonth, week.Length == 7 ? "" : ofWeek }.Where(text => text.Length > 0));
            return both.Length == 0 ? "" : ", " + both;
        }

        return (ofMonth.Length, ofWeek.Length) switch
        {
            (0, 0) => ", on no day",
            (0, _) => ", " + ofWeek,
            (_, 0) => ", " + ofMonth,
            _ => $", {ofMonth} or {ofWeek} (either is enough)",
        };
    }

    private static int[] Values(ulong bits, CronField field) => [.. Enumerable.Range(field.Min, field.Max - field.Min + 1).Where(value => (bits >> value & 1) != 0)];

    // The distance of the values where it is always the same, else 0.
    private static int Step(int[] values)
    {
        int step = values.Length > 1 ? values[1] - values[0] : 0;
        return values.Zip(values.Skip(1)).All(pair => pair.Second - pair.First == step) ? step : 0;
    }

    private static string List(int[] values, Func<int, string> name)
    {
        List<string> parts = [];
        for (int i = 0; i < values.Length;)
        {
            int last = i;
            while (last + 1 < values.Length && values[last + 1] == values[last] + 1)
            {
                last++;
            }

            if (last - i >= 2)
            {
                parts.Add($"{name(values[i])} to {name(values[last])}");
            }
            else
            {
                parts.AddRange(values[i..(last + 1)].Select(name));
            }

            i = last + 1;
        }

        return Join(parts);
    }

    private static string Join(IReadOnlyList<string> parts) => parts.Count < 2 ? string.Concat(parts) : $"{string.Join(", ", parts.Take(parts.Count - 1))} and {parts[^1]}";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Clock(int hour, int minute) => string.Create(CultureInfo.InvariantCulture, $"{hour:00}:{minute:00}");

    private static string Ordinal(int value) => value switch { 2 => "2nd", 3 => "3rd", 22 => "22nd", 23 => "23rd", 21 or 31 => $"{value}st", _ => $"{value}th" };
}
