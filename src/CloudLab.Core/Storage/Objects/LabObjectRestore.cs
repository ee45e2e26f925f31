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
