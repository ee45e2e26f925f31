namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>One of the five fields of a schedule: what it is called and what it takes.</summary>
internal sealed class CronField
{
    private static readonly string[] MonthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly string[] names;

    private CronField(string name, int min, int max, string[]? names = null)
    {
        Name = name;
        Min = min;
        Max = max;
        this.names = names ?? [];
    }

    /// <summary>Minute of the hour.</summary>
    public static CronField Minute { get; } = new("minute", 0, 59);

    /// <summary>Hour of the day.</summary>
    public static CronField Hour { get; } = new("hour", 0, 23);

    /// <summary>Day of the month.</summary>
    public static CronField DayOfMonth { get; } = new("day of month", 1, 31);

    /// <summary>Month.</summary>
    public static CronField Month { get; } = new("month", 1, 12, MonthNames);

    /// <summary>Day of the week; 0 is Sunday, and 7 is none.</summary>
    public static CronField DayOfWeek { get; } = new("day of week", 0, 6, DayNames);

    /// <summary>The fields in their order.</summary>
    public static IReadOnlyList<CronField> All { get; } = [Minute, Hour, DayOfMonth, Month, DayOfWeek];

    /// <summary>What a person calls it.</summary>
    public string Name { get; }

    /// <summary>Lowest value.</summary>
    public int Min { get; }

    /// <summary>Highest value.</summary>
    public int Max { get; }

    /// <summary>Every value, as bits.</summary>
    public ulong Full => Bits(Min, Max, 1);

    /// <summary>What it takes, in words.</summary>
    public string Range => names.Length == 0 ? $"{Min} to {Max}" : $"{Min} to {Max} or {names[0].ToUpperInvariant()} to {names[^1].ToUpperInvariant()}";

    /// <summary>Bits of a range.</summary>
    /// <param name="start">First value.</param>
    /// <param name="end">Last value.</param>
    /// <param name="step">Distance of the values.</param>
    /// <returns>A bit for each value.</returns>
    public static ulong Bits(long start, long end, long step)
    {
        ulong bits = 0;
        for (long value = start; value <= end; value += step)
        {
            bits |= 1UL << (int)value;
        }

        return bits;
    }

    /// <summary>The number that a name stands for.</summary>
    /// <param name="text">A name in any case.</param>
    /// <returns>Its number; -1 if this field does not have the name.</returns>
    public int Named(string text)
    {
        // Go lowers the Turkish İ to i, .NET does not.
        int index = Array.IndexOf(names, text.Replace('İ', 'i').ToLowerInvariant());
        return index < 0 ? -1 : index + Min;
    }
}
