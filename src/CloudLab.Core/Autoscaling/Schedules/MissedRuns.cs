namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>How many runs a controller that was away has missed, in its own words.</summary>
public enum MissedRuns
{
    /// <summary>At most one run is due.</summary>
    None,

    /// <summary>Up to a hundred.</summary>
    Few,

    /// <summary>More than a hundred: it says so in an event (TooManyMissedTimes).</summary>
    Many,
}
