using System.Globalization;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Times of runs as they are shown.</summary>
internal static class ScheduleTime
{
    /// <summary>A time on the clocks of a zone.</summary>
    /// <param name="zone">The zone.</param>
    /// <param name="utc">Seconds since 1970.</param>
    /// <returns>The time with the offset of the zone.</returns>
    public static DateTimeOffset In(ScheduleZone zone, long utc) =>
        DateTimeOffset.FromUnixTimeSeconds(utc).ToOffset(TimeSpan.FromSeconds(zone.SpanAt(utc).Offset));

    /// <summary>The name that the controller gives to the job of a run: two runs in one minute have the same.</summary>
    /// <param name="cronJob">Name of the CronJob.</param>
    /// <param name="run">When it runs.</param>
    /// <returns>The name.</returns>
    public static string JobName(string cronJob, DateTimeOffset run) => string.Create(CultureInfo.InvariantCulture, $"{cronJob}-{run.ToUnixTimeSeconds() / 60}");
}
