using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Core.Storage.Sync;

/// <summary>
/// One thing that a synchronization does, or would do (<c>-WhatIf</c>), and why. It binds <c>-Bucket -Key</c> of the storage
/// cmdlets, and <c>-LiteralPath</c> of file cmdlets through <see cref="PSPath"/>.
/// </summary>
public sealed record LabSyncAction : ISessionItem
{
    /// <summary>What is done.</summary>
    public required SyncAction Action { get; init; }

    /// <summary>Why.</summary>
    public required SyncReason Reason { get; init; }

    /// <summary>Name relative to both ends, with slashes.</summary>
    public required string Name { get; init; }

    /// <summary>Size in bytes: at the source, or of what is removed.</summary>
    public required long Size { get; init; }

    /// <summary>Full path or <c>s3://</c> name at the source; null where the source lacks it.</summary>
    public string? Source { get; init; }

    /// <summary>Full path or <c>s3://</c> name at the destination.</summary>
    public required string Destination { get; init; }

    /// <summary>True once it is done; false in a plan.</summary>
    public bool Done { get; init; }

    /// <summary>Bucket of the object at the destination, else at the source.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of that object.</summary>
    public required string Key { get; init; }

    /// <summary>Full path of the file, if one is concerned.</summary>
    public string? FullName { get; init; }

    /// <summary>The same path under the name that file cmdlets bind.</summary>
    public string? PSPath => FullName;

    /// <summary>What was transferred: entity tag, version, proof, duration. Null for a plan and a removal.</summary>
    public LabTransfer? Transfer { get; init; }

    /// <inheritdoc/>
    public string? EndpointUrl => ((ISessionItem)this).Origin?.EndpointUrl;

    /// <inheritdoc/>
    SessionOrigin? ISessionItem.Origin { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Source is null ? $"{Action} {Destination}" : $"{Action} {Source} -> {Destination}";
}

/// <summary>What a synchronization does to one file or object.</summary>
public enum SyncAction
{
    /// <summary>Sends a file to a bucket.</summary>
    Upload,

    /// <summary>Gets an object into a folder.</summary>
    Download,

    /// <summary>Copies an object within the service.</summary>
    Copy,

    /// <summary>Removes it at the destination.</summary>
    Delete,

    /// <summary>Nothing.</summary>
    Skip,
}

/// <summary>Why something is done in a synchronization, or not.</summary>
public enum SyncReason
{
    /// <summary>It is the same at both ends.</summary>
    Unchanged,

    /// <summary>The destination lacks it.</summary>
    Missing,

    /// <summary>The sizes differ.</summary>
    SizeDiffers,

    /// <summary>The source was written later.</summary>
    SourceNewer,

    /// <summary>The contents differ.</summary>
    ContentDiffers,

    /// <summary>The contents had to be compared, and the service keeps nothing to compare them by.</summary>
    NotComparable,

    /// <summary>The destination was written later, and <c>-Update</c> keeps it.</summary>
    TargetNewer,

    /// <summary>The source lacks it, and <c>-Delete</c> removes it.</summary>
    NotInSource,
}
