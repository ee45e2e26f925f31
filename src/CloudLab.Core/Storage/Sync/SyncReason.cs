namespace CloudLab.Core.Storage.Sync;

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
