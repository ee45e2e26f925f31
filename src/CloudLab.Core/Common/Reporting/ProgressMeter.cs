using System.Globalization;

namespace CloudLab.Core.Common.Reporting;

/// <summary>
/// Counts bytes and items of one piece of work and tells a reporter a few times a second: how much, how fast, how
/// long still. Nothing is shown for work that ends within a second. Safe to call from many threads.
/// </summary>
public sealed class ProgressMeter : IDisposable
{
    private const long SilentMilliseconds = 1000;
    private const long IntervalMilliseconds = 300;
    private static int lastActivityId;

    private readonly IReporter reporter;
    private readonly string activity;
    private readonly TimeProvider clock;
    private readonly int activityId = Interlocked.Increment(ref lastActivityId);
    private readonly long start;
    private long nextUpdate = SilentMilliseconds;
    private long bytes, items, totalBytes = -1, totalItems = -1;
    private bool shown;

    /// <summary>Starts counting.</summary>
    /// <param name="reporter">Who is told.</param>
    /// <param name="activity">What is being done, a few words.</param>
    /// <param name="clock">The clock; the system's if null.</param>
    public ProgressMeter(IReporter reporter, string activity, TimeProvider? clock = null)
    {
        this.reporter = reporter;
        this.activity = activity;
        this.clock = clock ?? TimeProvider.System;
        start = this.clock.GetTimestamp();
    }

    /// <summary>Adds to the totals that are known so far.</summary>
    /// <param name="moreItems">Items found.</param>
    /// <param name="moreBytes">Their bytes, or 0 where only items count.</param>
    public void Expect(long moreItems, long moreBytes = 0)
    {
        AddFrom(ref totalItems, moreItems);
        if (moreBytes > 0)
        {
            AddFrom(ref totalBytes, moreBytes);
        }
    }

    /// <summary>Counts bytes done; negative to take back those of a part that is sent again.</summary>
    /// <param name="count">Number of bytes.</param>
    public void AddBytes(long count)
    {
        Interlocked.Add(ref bytes, count);
        Tell();
    }

    /// <summary>Counts items done.</summary>
    /// <param name="count">Number of items.</param>
    public void AddItems(long count = 1)
    {
        Interlocked.Add(ref items, count);
        Tell();
    }

    /// <summary>Shows that time passes, for work with nothing to count (a wait).</summary>
    /// <param name="status">The state last seen.</param>
    /// <param name="fraction">0 to 1, or null where unknown.</param>
    public void Note(string status, double? fraction = null)
    {
        long elapsed = Elapsed();
        if (Due(elapsed))
        {
            shown = true;
            reporter.Progress(new ProgressUpdate(
                activityId, activity, status, fraction is { } f ? (int)Math.Clamp(f * 100, 0, 100) : null, null, false));
        }
    }

    /// <summary>Takes the progress bar away.</summary>
    public void Dispose()
    {
        if (shown)
        {
            reporter.Progress(new ProgressUpdate(activityId, activity, "Done", 100, null, true));
        }
    }

    /// <summary>A size in the binary units of IEC 80000-13, three digits.</summary>
    /// <param name="size">Bytes.</param>
    /// <returns><c>512 B</c>, <c>1.5 MiB</c>.</returns>
    public static string FormatBytes(double size)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        int unit = 0;
        while (size >= 1024 && unit < units.Length - 1)
        {
            size /= 1024;
            unit++;
        }

        return size.ToString(unit == 0 || size >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    private static void AddFrom(ref long total, long more)
    {
        // -1 stands for unknown, so the first addition also leaves that state.
        Interlocked.CompareExchange(ref total, 0, -1);
        Interlocked.Add(ref total, more);
    }

    private long Elapsed() => (long)clock.GetElapsedTime(start).TotalMilliseconds;

    private bool Due(long elapsed)
    {
        long due = Interlocked.Read(ref nextUpdate);
        return elapsed >= due && Interlocked.CompareExchange(ref nextUpdate, elapsed + IntervalMilliseconds, due) == due;
    }

    private void Tell()
    {
        long elapsed = Elapsed();
        if (!Due(elapsed))
        {
            return;
        }

        shown = true;
        long doneBytes = Interlocked.Read(ref bytes), doneItems = Interlocked.Read(ref items);
        long allBytes = Interlocked.Read(ref totalBytes), allItems = Interlocked.Read(ref totalItems);
        double rate = doneBytes / Math.Max(0.001, elapsed / 1000.0);
        List<string> words = [];
        if (allItems > 0 || doneItems > 0)
        {
            words.Add(allItems > 0 ? $"{doneItems} of {allItems} items" : $"{doneItems} items");
        }

        if (allBytes > 0 || doneBytes > 0)
        {
            words.Add(allBytes > 0 ? $"{FormatBytes(doneBytes)} of {FormatBytes(allBytes)}" : FormatBytes(doneBytes));
            words.Add(FormatBytes(rate) + "/s");
        }

        double? fraction = allBytes > 0 ? (double)doneBytes / allBytes : allItems > 0 ? (double)doneItems / allItems : null;
        TimeSpan? remaining = fraction is > 0 and <= 1
            ? TimeSpan.FromMilliseconds(elapsed * (1 - fraction.Value) / fraction.Value)
            : null;
        reporter.Progress(new ProgressUpdate(
            activityId, activity, string.Join(", ", words),
            fraction is { } part ? (int)Math.Clamp(part * 100, 0, 100) : null, remaining, false));
    }
}
