namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Why the parser refuses a schedule.</summary>
internal enum CronFault
{
    /// <summary>Nothing is written.</summary>
    Empty,

    /// <summary>There are not five fields.</summary>
    FieldCount,

    /// <summary>A prefix names a zone that does not exist.</summary>
    Zone,

    /// <summary>Nothing follows the prefix with the zone.</summary>
    OpenZone,

    /// <summary>A word with @ that does not exist.</summary>
    Descriptor,

    /// <summary>The duration of @every is none.</summary>
    Duration,

    /// <summary>A number is missing, or it is none.</summary>
    NotANumber,

    /// <summary>A number does not fit into 64 bits.</summary>
    Overflow,

    /// <summary>A number is negative.</summary>
    Negative,

    /// <summary>A range has more than two ends.</summary>
    Hyphens,

    /// <summary>An item has more than one step.</summary>
    Slashes,

    /// <summary>A value is too low for the field.</summary>
    BelowMinimum,

    /// <summary>A value is too high for the field.</summary>
    AboveMaximum,

    /// <summary>A range begins after its end.</summary>
    Reversed,

    /// <summary>A step is zero.</summary>
    ZeroStep,
}
