namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Reads the clock of a zone for times near each other: what was looked up last is at hand.</summary>
/// <param name="zone">The zone.</param>
internal struct ZoneClock(ScheduleZone zone)
{
    private ZoneSpan span = new(0, 0, 0);

    /// <summary>The stretch without a change of clocks that a time is in.</summary>
    /// <param name="utc">Seconds since 1970.</param>
    /// <returns>The stretch.</returns>
    public ZoneSpan Span(long utc)
    {
        if (!span.Contains(utc))
        {
            span = zone.SpanAt(utc);
        }

        return span;
    }

    /// <summary>What the clock shows.</summary>
    /// <param name="utc">Seconds since 1970.</param>
    /// <returns>Date and time in the zone.</returns>
    public CivilTime Read(long utc) => CivilTime.Of(utc + Span(utc).Offset);

    /// <summary>
    /// When the clock shows this. For a time that the clocks skip or show twice, the choice of Go's time.Date, which the controller
    /// computes with: the offset in force at that time read as UTC, unless it does not hold at the result.
    /// </summary>
    /// <param name="year">Year.</param>
    /// <param name="month">Month; 13 is January of the next year.</param>
    /// <param name="day">Day; what exceeds the month goes on into the next.</param>
    /// <param name="second">Second of the day.</param>
    /// <returns>Seconds since 1970.</returns>
    public long When(int year, int month, int day, int second)
    {
        long shown = CivilTime.Seconds(year, month, day, second);
        ZoneSpan guess = Span(shown);
        long utc = shown - guess.Offset;
        return guess.Offset == 0 || guess.Contains(utc) ? utc : shown - Span(utc).Offset;
    }
}
