using System.Globalization;
using System.Runtime.InteropServices;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>The load of one workload over time: for each metric the total over all its pods.</summary>
/// <param name="workload">Name of the workload; empty where there is only one.</param>
/// <param name="labels">What tells it apart from others: names and values.</param>
public sealed class HpaLoad(string workload, IReadOnlyList<KeyValuePair<string, string>>? labels = null)
{
    /// <summary>A value that is not there.</summary>
    internal const long None = long.MinValue;

    private readonly List<long> times = [];
    private readonly List<(string Key, List<long> Values)> columns = [];

    /// <summary>Name of the workload; empty where there is only one.</summary>
    public string Workload { get; } = workload;

    /// <summary>What tells it apart from others: labels of a series, or cells of a row.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Labels { get; } = labels ?? [];

    /// <summary>How many points there are.</summary>
    public int Count => times.Count;

    /// <summary>Times in Unix milliseconds.</summary>
    internal ReadOnlySpan<long> Times => CollectionsMarshal.AsSpan(times);

    /// <summary>Names of the metrics.</summary>
    internal IEnumerable<string> Keys => columns.Select(column => column.Key);

    /// <summary>Begins the next point; its values follow.</summary>
    /// <param name="timeMs">Unix milliseconds.</param>
    internal void AddTime(long timeMs)
    {
        times.Add(timeMs);
        foreach ((_, List<long> values) in columns)
        {
            values.Add(None);
        }
    }

    /// <summary>A value at the last time.</summary>
    /// <param name="key">Name of the metric.</param>
    /// <param name="milli">Thousandths.</param>
    internal void Set(string key, long milli) => SetAt(key, times.Count - 1, milli);

    /// <summary>A value at one of the times.</summary>
    /// <param name="key">Name of the metric.</param>
    /// <param name="place">Place of the time.</param>
    /// <param name="milli">Thousandths.</param>
    internal void SetAt(string key, int place, long milli)
    {
        List<long>? values = null;
        for (int i = 0; i < columns.Count && values is null; i++)
        {
            values = columns[i].Key.Equals(key, StringComparison.OrdinalIgnoreCase) ? columns[i].Values : null;
        }

        if (values is null)
        {
            values = [];
            CollectionsMarshal.SetCount(values, times.Count);
            CollectionsMarshal.AsSpan(values).Fill(None);
            columns.Add((key, values));
        }

        values[place] = milli;
    }

    /// <summary>Values of a metric.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="only">True where the autoscaler has no other metric: a single column is its own, whatever its name.</param>
    /// <returns>Thousandths at each time; null where the load does not have it.</returns>
    internal List<long>? For(Hpa.HpaMetricSpec metric, bool only)
    {
        List<long>? byName = null;
        foreach ((string key, List<long> values) in columns)
        {
            if (key.Equals(metric.Key, StringComparison.OrdinalIgnoreCase))
            {
                return values;
            }

            byName = key.Equals(metric.Name, StringComparison.OrdinalIgnoreCase) ? values : byName;
        }

        return byName ?? (only && columns.Count == 1 ? columns[0].Values : null);
    }

    /// <summary>The values of a metric.</summary>
    /// <param name="key">Name of the metric.</param>
    /// <returns>Thousandths at each time.</returns>
    internal IReadOnlyList<long> Values(string key) => columns.Find(column => column.Key == key).Values;

    /// <summary>Checks the load for a replay: two points or more, times that rise, and gaps.</summary>
    /// <returns>A warning for each gap (the first five). Throws <see cref="LabException"/> where times are out of order or twice.</returns>
    public IReadOnlyList<string> Check() => times.Count < 2
        ? throw Invalid("LoadTooShort", $"{(Workload.Length > 0 ? $"Load of {Workload}" : "Load")} has {times.Count} {Counted.Noun(times.Count, "point")} in time: a replay needs two or more, each with a time and a value.")
        : Check("Load", "name the workloads in a column Workload", "the value before it is held. Fill it, or replay the parts one by one.");

    /// <summary>Checks that the times rise, and looks for gaps.</summary>
    /// <param name="what">What the points are, for messages.</param>
    /// <param name="apart">What to do where two points are of the same time.</param>
    /// <param name="gap">What a gap means and what to do.</param>
    /// <returns>A warning for each gap (the first five). Throws <see cref="LabException"/> where times are out of order or twice.</returns>
    internal IReadOnlyList<string> Check(string what, string apart, string gap)
    {
        string name = Workload.Length > 0 ? $"{what} of {Workload}" : what;
        if (times.Count < 2)
        {
            return [];
        }

        for (int i = 1; i < times.Count; i++)
        {
            if (times[i] < times[i - 1])
            {
                throw Invalid("LoadUnsorted", $"{name}, row {i + 1}: {Show(times[i])} is before {Show(times[i - 1])}: sort by time first, as in Sort-Object Time.");
            }

            if (times[i] == times[i - 1])
            {
                throw Invalid("LoadDuplicate", $"{name}, rows {i} and {i + 1}: {Show(times[i])} is there twice: keep one, as in Sort-Object Time -Unique, or {apart}.");
            }
        }

        long[] steps = new long[times.Count - 1];
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = times[i + 1] - times[i];
        }

        Array.Sort(steps);
        long usual = steps[steps.Length / 2];
        List<string> gaps = [];
        for (int i = 1; i < times.Count && gaps.Count < 5; i++)
        {
            if (times[i] - times[i - 1] > 3 * usual)
            {
                gaps.Add($"{name} has a gap from {Show(times[i - 1])} to {Show(times[i])}: {gap}");
            }
        }

        return gaps;
    }

    /// <summary>A number of a load as thousandths.</summary>
    /// <param name="text">Number or quantity; empty and NaN are none.</param>
    /// <param name="key">Name of the metric, for the message.</param>
    /// <param name="row">Number of the row, for the message.</param>
    /// <returns>Thousandths, or <see cref="None"/>.</returns>
    internal static long Milli(string text, string key, int row)
    {
        text = text.Trim();
        if (text.Length == 0 || text is "NaN" or "null")
        {
            return None;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            double milli = Math.Round(number * 1000);
            return double.IsFinite(number) && Math.Abs(milli) < long.MaxValue
                ? (long)milli
                : throw Invalid("LoadInvalid", $"Row {row}: {key} is {text}, which no autoscaler can use: give a finite number.");
        }

        return Quantity.TryParse(text, out Quantity amount)
            ? amount.MilliValue
            : throw Invalid("LoadInvalid", text.EndsWith('%')
                ? $"Row {row}: {key} is {text}: give the total of all pods, as in 2.5 or 2500m cores, not a percentage."
                : $"Row {row}: {key} is '{text}', which is not a number: give the total of all pods, as in 2.5, 2500m or 3Gi.");
    }

    /// <summary>Whether a cell is text, such as a name, and no attempt at a number.</summary>
    /// <param name="text">The cell.</param>
    /// <returns>True for text.</returns>
    internal static bool IsText(string? text) => text?.Trim() is { Length: > 0 } and not ("NaN" or "null") and [not (>= '0' and <= '9' or '+' or '-' or '.'), ..] given
        && !double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    /// <summary>A time of a load.</summary>
    /// <param name="text">Time with or without zone (then UTC), or seconds.</param>
    /// <param name="row">Number of the row, for the message.</param>
    /// <returns>Unix milliseconds.</returns>
    internal static long TimeMs(string text, int row) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && Math.Abs(seconds) < 1e12 ? (long)Math.Round(seconds * 1000)
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time.ToUnixTimeMilliseconds()
        : throw Invalid("LoadInvalid", $"Row {row}: '{text}' is not a time: write 2026-11-29T10:00:00Z, or seconds.");

    /// <summary>A time in words.</summary>
    /// <param name="timeMs">Unix milliseconds.</param>
    /// <returns>Date and time in UTC.</returns>
    internal static string Show(long timeMs) => DateTimeOffset.FromUnixTimeMilliseconds(timeMs).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The error for a load that cannot be used.</summary>
    /// <param name="code">Error id.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <returns>The exception.</returns>
    internal static LabException Invalid(string code, string message) => new(LabErrorKind.InvalidData, code, message);
}
