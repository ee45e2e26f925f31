using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Objects;

/// <summary>What came of asking for one archived object (<c>Restore-LabObject</c>). Binds <c>Wait-LabObject</c>.</summary>
public sealed class LabObjectRestore : SessionItem
{
    /// <summary>Bucket of the object.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of the object.</summary>
    public required string Key { get; init; }

    /// <summary>Version asked for; null for the current one.</summary>
    public string? VersionId { get; init; }

    /// <summary>What came of it.</summary>
    public required RestoreStatus Status { get; init; }

    /// <summary>Days the copy is to stay; null for an object that comes back for good.</summary>
    public int? Days { get; init; }

    /// <summary>How fast it was asked to come back.</summary>
    public RestoreTier Tier { get; init; }

    /// <inheritdoc/>
    public override string ToString() => ObjectName.Uri(Bucket, Key);
}

/// <summary>What came of asking for an archived object.</summary>
public enum RestoreStatus
{
    /// <summary>The service has begun to bring it back.</summary>
    Started,

    /// <summary>It was on its way back already; nothing has changed.</summary>
    InProgress,

    /// <summary>A copy was there already; the days it stays count anew.</summary>
    Restored,
}

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
