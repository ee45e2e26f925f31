namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>Whether a bucket keeps the old versions of objects.</summary>
public enum BucketVersioningStatus
{
    /// <summary>It never did.</summary>
    Off,

    /// <summary>It does: what is replaced or deleted can be had back.</summary>
    Enabled,

    /// <summary>It did: old versions are still there, new ones are no longer kept.</summary>
    Suspended,
}
