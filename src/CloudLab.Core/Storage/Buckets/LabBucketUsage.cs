using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>A bucket and how much is in it, counted by listing it. Parts of unfinished uploads do not count.</summary>
public sealed class LabBucketUsage : LabBucket
{
    /// <summary>Whether the bucket keeps old versions of objects; null where the service does not say.</summary>
    public BucketVersioningStatus? Versioning { get; init; }

    /// <summary>Number of objects: what a plain listing shows.</summary>
    public long ObjectCount { get; init; }

    /// <summary>Their size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Number of old versions: what was replaced or deleted and is kept.</summary>
    public long NoncurrentCount { get; init; }

    /// <summary>Their size in bytes.</summary>
    public long NoncurrentSize { get; init; }

    /// <summary>Number of delete markers, old and current.</summary>
    public long DeleteMarkerCount { get; init; }
}
