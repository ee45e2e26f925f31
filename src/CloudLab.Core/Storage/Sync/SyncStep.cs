namespace CloudLab.Core.Storage.Sync;

/// <summary>What has to happen to one name.</summary>
public enum SyncDecision
{
    /// <summary>Nothing.</summary>
    Skip,

    /// <summary>It goes from the source to the destination.</summary>
    Transfer,

    /// <summary>Its content has to be compared first: neither size nor time tells.</summary>
    Compare,

    /// <summary>It is removed at the destination.</summary>
    Delete,
}

/// <summary>One step of a plan.</summary>
/// <param name="Decision">What has to happen.</param>
/// <param name="Reason">Why.</param>
/// <param name="Entry">What it happens to: of the source, of the destination for a removal.</param>
/// <param name="TargetETag">Entity tag of the object at the destination, if there is one.</param>
/// <param name="Otherwise">What counts where the service keeps nothing to compare the content by.</param>
public readonly record struct SyncStep(
    SyncDecision Decision, SyncReason Reason, SyncEntry Entry, string? TargetETag = null, SyncReason Otherwise = SyncReason.NotComparable);

/// <summary>A file, an object or a folder at one end of a synchronization.</summary>
/// <param name="Name">Name below that end, with slashes; that of a folder, or of the object that stands for one, ends in a slash.</param>
/// <param name="Size">Bytes.</param>
/// <param name="LastModified">When it was last written.</param>
/// <param name="ETag">Entity tag of an object, without quotes.</param>
public readonly record struct SyncEntry(string Name, long Size, DateTimeOffset LastModified, string? ETag = null)
{
    /// <summary>Whether it stands for a folder.</summary>
    public bool IsFolder => Name.EndsWith('/');
}
