using System.Collections.Concurrent;
using System.Security;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>A time zone of a schedule: found by the names that Kubernetes takes, with the changes of its clocks.</summary>
public sealed class ScheduleZone
{
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;
    private static readonly ConcurrentDictionary<string, ScheduleZone?> Found = new(StringComparer.Ordinal);
    private static readonly Lazy<string[]> AllNames = new(ListNames);

    private readonly TimeZoneInfo info;
    private readonly ConcurrentDictionary<int, ZoneSpan[]> years = new();

    private ScheduleZone(string name, TimeZoneInfo info)
    {
        Name = name;
        this.info = info;
    }

    /// <summary>UTC: the zone of a controller as clusters run it, and so of a schedule without a time zone.</summary>
    public static ScheduleZone Utc { get; } = new("UTC", TimeZoneInfo.Utc);

    /// <summary>The names of the zones on this machine, sorted.</summary>
    public static IReadOnlyList<string> Names => AllNames.Value;

    /// <summary>Its name in the IANA database: <c>Europe/London</c>.</summary>
    public string Name { get; }

    /// <summary>Finds a zone for a parameter.</summary>
    /// <param name="name">Name in the IANA database.</param>
    /// <returns>The zone. Throws <see cref="LabException"/> (<c>UnknownTimeZone</c>).</returns>
    public static ScheduleZone Get(string name) => CronJobValidation.ZoneProblems(name).Count == 0 && Find(name, out _) is { } zone
        ? zone
        : throw new LabException(LabErrorKind.InvalidArgument, "UnknownTimeZone", Unknown(name)) { Target = name };

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>What to say of a name that no zone has.</summary>
    /// <param name="name">The name.</param>
    /// <returns>One line.</returns>
    internal static string Unknown(string name) => Suggest(name) is { } meant
        ? $"There is no time zone '{name}': use '{meant}'."
        : Names.Count < 2
            ? $"The time zone '{name}' cannot be looked up, because this machine has no time zone data: install tzdata, or use UTC."
            : $"There is no time zone '{name}': give a name of the IANA database, such as Europe/London or UTC.";

    /// <summary>The zone that somebody may have meant.</summary>
    /// <param name="name">What was written.</param>
    /// <returns>A name, or null.</returns>
    internal static string? Suggest(string name)
    {
        string plain = name.Trim().Trim('/').Replace(' ', '_');
        return Names.FirstOrDefault(known => string.Equals(known, plain, StringComparison.OrdinalIgnoreCase))
            ?? (TimeZoneInfo.TryConvertWindowsIdToIanaId(name, out string? iana) && iana != name ? iana : null)
            ?? (plain.Length > 2 ? Names.FirstOrDefault(known => known.EndsWith("/" + plain, StringComparison.OrdinalIgnoreCase)) : null);
    }

    /// <summary>Finds a zone as Go's time.LoadLocation does, which the controller uses.</summary>
    /// <param name="name">Its name; empty and <c>Local</c> are the zone of the controller.</param>
    /// <param name="problem">What the API server says where there is none.</param>
    /// <returns>The zone, or null.</returns>
    internal static ScheduleZone? Find(string name, out string? problem)
    {
        problem = null;
        if (name is "" or "UTC" or "Local")
        {
            return Utc;
        }

        if (name.Contains("..", StringComparison.Ordinal) || name[0] is '/' or '\\')
        {
            problem = "time: invalid location name";
            return null;
        }

        ScheduleZone? zone = Found.GetOrAdd(name, Load);
        problem = zone is not null ? null
            : Names.Any(known => known.StartsWith(name + "/", StringComparison.Ordinal)) ? "is a directory"
            : $"unknown time zone {name}";
        return zone;
    }

    /// <summary>The stretch without a change of clocks that a time is in, or the part of it that is in the same year.</summary>
    /// <param name="utc">Seconds since 1970.</param>
    /// <returns>The stretch.</returns>
    internal ZoneSpan SpanAt(long utc)
    {
        if (ReferenceEquals(info, TimeZoneInfo.Utc) || utc < FirstSecond || utc > LastSecond)
        {
            return utc < FirstSecond ? new ZoneSpan(long.MinValue, FirstSecond, 0)
                : utc > LastSecond ? new ZoneSpan(LastSecond + 1, long.MaxValue, 0)
                : new ZoneSpan(FirstSecond, LastSecond + 1, 0);
        }

        foreach (ZoneSpan span in years.GetOrAdd(CivilTime.Of(utc).Year, Year))
        {
            if (span.Contains(utc))
            {
                return span;
            }
        }

        throw new InvalidOperationException($"No offset of {Name} at {utc}.");
    }

    /// <summary>The changes of the clocks in a stretch of time.</summary>
    /// <param name="from">Seconds since 1970.</param>
    /// <param name="until">The end, not included.</param>
    /// <returns>For each the first second after it, and the offsets before and after.</returns>
    internal IEnumerable<(long At, int Before, int After)> Changes(long from, long until)
    {
        ZoneSpan span = SpanAt(from);
        while (span.End < until)
        {
            ZoneSpan next = SpanAt(span.End);
            if (next.Offset != span.Offset)
            {
                yield return (span.End, span.Offset, next.Offset);
            }

            span = next;
        }
    }

    private static ScheduleZone? Load(string name)
    {
        // .NET also takes the names of Windows, and UTC in any case; some file systems do not tell cases apart. The controller does.
        if (string.Equals(name, "UTC", StringComparison.OrdinalIgnoreCase) || TimeZoneInfo.TryConvertWindowsIdToIanaId(name, out _)
            || (!OperatingSystem.IsLinux() && !Names.Contains(name, StringComparer.Ordinal) && Names.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            return null;
        }

        try
        {
            // What .NET has in its memory it finds in any case.
            TimeZoneInfo found = TimeZoneInfo.FindSystemTimeZoneById(name);
            return string.Equals(found.Id, name, StringComparison.OrdinalIgnoreCase) && found.Id != name ? null : new ScheduleZone(name, found);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or IOException or UnauthorizedAccessException or ArgumentException or SecurityException)
        {
            return null;
        }
    }

    private static string[] ListNames()
    {
        string folder = Environment.GetEnvironmentVariable("TZDIR") is { Length: > 0 } given ? given : "/usr/share/zoneinfo";
        IEnumerable<string> names = OperatingSystem.IsWindows()
            ? TimeZoneInfo.GetSystemTimeZones().Select(zone => TimeZoneInfo.TryConvertWindowsIdToIanaId(zone.Id, out string? iana) ? iana : zone.Id)
            : Directory.Exists(folder)
                ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
                : [];
        // Beside the zones there are tables, and the same zones again with leap seconds, all of them in lower case.
        return [.. names.Append("UTC").Where(name => char.IsAsciiLetterUpper(name[0]) && !name.Contains('.', StringComparison.Ordinal) && name is not ("SECURITY" or "Factory"))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    // .NET does not list changes of clocks: they are looked for day by day, and then to the second.
    private ZoneSpan[] Year(int year)
    {
        long start = CivilTime.Seconds(year, 1, 1, 0), end = CivilTime.Seconds(year + 1, 1, 1, 0);
        List<ZoneSpan> spans = [];
        int offset = OffsetAt(start);
        long since = start;
        for (long day = start; day < end; day += CivilTime.DaySeconds)
        {
            long low = day, high = Math.Min(day + CivilTime.DaySeconds, LastSecond);
            int next = OffsetAt(high);
            if (next == offset)
            {
                continue;
            }

            while (high - low > 1)
            {
                long middle = low + ((high - low) / 2);
                (low, high) = OffsetAt(middle) == offset ? (middle, high) : (low, middle);
            }

            if (high < end)
            {
                spans.Add(new ZoneSpan(since, high, offset));
                since = high;
            }

            offset = next;
        }

        spans.Add(new ZoneSpan(since, end, OffsetAt(since)));
        return [.. spans];
    }

    private int OffsetAt(long utc) => (int)info.GetUtcOffset(DateTime.UnixEpoch.AddSeconds(utc)).TotalSeconds;
}
