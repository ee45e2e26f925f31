namespace CloudLab.Core.Storage.Objects;

/// <summary>How fast an archived object comes back, and at what price.</summary>
public enum RestoreTier
{
    /// <summary>3 to 5 hours from GLACIER, 12 hours from DEEP_ARCHIVE.</summary>
    Standard,

    /// <summary>5 to 12 hours from GLACIER, 48 hours from DEEP_ARCHIVE; the cheapest.</summary>
    Bulk,

    /// <summary>1 to 5 minutes from GLACIER; the dearest, and not for DEEP_ARCHIVE.</summary>
    Expedited,
}
