namespace CloudLab.Core.Storage.Sync;

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
