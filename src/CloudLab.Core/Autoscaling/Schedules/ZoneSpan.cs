namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>A stretch of time in which the clocks of a zone are not changed.</summary>
/// <param name="Start">First second of it, since 1970, UTC.</param>
/// <param name="End">First second after it.</param>
/// <param name="Offset">How many seconds the clocks are ahead of UTC.</param>
internal readonly record struct ZoneSpan(long Start, long End, int Offset)
{
    /// <summary>Whether a time is in it.</summary>
    /// <param name="utc">Seconds since 1970.</param>
    /// <returns>True if so.</returns>
    public bool Contains(long utc) => utc >= Start && utc < End;
}
