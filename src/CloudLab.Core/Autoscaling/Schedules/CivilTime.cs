namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>What a clock on the wall shows, to the second.</summary>
/// <param name="Year">Year.</param>
/// <param name="Month">Month, from 1.</param>
/// <param name="Day">Day of the month, from 1.</param>
/// <param name="DayOfWeek">Day of the week; 0 is Sunday.</param>
/// <param name="Second">Second of the day.</param>
internal readonly record struct CivilTime(int Year, int Month, int Day, int DayOfWeek, int Second)
{
    /// <summary>Seconds of a day.</summary>
    public const int DaySeconds = 86_400;

    /// <summary>Hour of the day.</summary>
    public int Hour => Second / 3600;

    /// <summary>Minute of the hour.</summary>
    public int Minute => Second / 60 % 60;

    /// <summary>A count of seconds since 1970 as date and time. Any year: no calendar type ends the arithmetic.</summary>
    /// <param name="seconds">Seconds since 1970-01-01 00:00:00, on the same clock.</param>
    /// <returns>The date and the time.</returns>
    public static CivilTime Of(long seconds)
    {
        long days = Math.DivRem(seconds, DaySeconds, out long second);
        if (second < 0)
        {
            second += DaySeconds;
            days--;
        }

        // In years that begin in March the leap day is the last one; eras are 400 years.
        long shifted = days + 719_468;
        long era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        int dayOfEra = (int)(shifted - (era * 146_097));
        int yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        int dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        int month = ((5 * dayOfYear) + 2) / 153;
        int day = dayOfYear - (((153 * month) + 2) / 5) + 1;
        month = month < 10 ? month + 3 : month - 9;
        return new CivilTime((int)(yearOfEra + (era * 400)) + (month <= 2 ? 1 : 0), month, day, (int)((((days + 4) % 7) + 7) % 7), (int)second);
    }

    /// <summary>Date and time as a count of seconds since 1970.</summary>
    /// <param name="year">Year.</param>
    /// <param name="month">Month; 13 is January of the next year.</param>
    /// <param name="day">Day; what exceeds the month goes on into the next.</param>
    /// <param name="second">Second of the day.</param>
    /// <returns>Seconds since 1970-01-01 00:00:00, on the same clock.</returns>
    public static long Seconds(int year, int month, int day, int second)
    {
        if (month > 12)
        {
            month -= 12;
            year++;
        }

        long shifted = month <= 2 ? year - 1 : year;
        long era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        long yearOfEra = shifted - (era * 400);
        long dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        long days = (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - 719_468;
        return (days * DaySeconds) + second;
    }
}
