using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>What to count apart.</summary>
[Flags]
public enum UsageGrouping
{
    /// <summary>Nothing: one count of all.</summary>
    None = 0,

    /// <summary>Each folder: what the keys have in common up to the next slash.</summary>
    Prefix = 1,

    /// <summary>Each storage class.</summary>
    StorageClass = 2,
}

/// <summary>How much is in a part of a bucket, counted by listing it. Binds <c>-Bucket</c> and <c>-Prefix</c> of the next <c>Get-LabObject</c>.</summary>
public sealed class LabPrefixUsage : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>What the keys begin with: <c>data/</c>. Null, where folders are counted apart, for the keys that are in none.</summary>
    public string? Prefix { get; init; }

    /// <summary>Storage class: <c>STANDARD</c>. Null where classes are not counted apart, and for delete markers, which have none.</summary>
    public string? StorageClass { get; init; }

    /// <inheritdoc cref="LabBucketUsage.ObjectCount"/>
    public long ObjectCount { get; private set; }

    /// <inheritdoc cref="LabBucketUsage.Size"/>
    public long Size { get; private set; }

    /// <inheritdoc cref="LabBucketUsage.NoncurrentCount"/>
    public long NoncurrentCount { get; private set; }

    /// <inheritdoc cref="LabBucketUsage.NoncurrentSize"/>
    public long NoncurrentSize { get; private set; }

    /// <inheritdoc cref="LabBucketUsage.DeleteMarkerCount"/>
    public long DeleteMarkerCount { get; private set; }

    /// <inheritdoc/>
    public override string ToString() => ObjectName.Uri(Bucket, Prefix ?? "");

    /// <summary>Counts one entry of a listing.</summary>
    /// <param name="entry">An object, an old version or a delete marker.</param>
    internal void Add(LabObject entry)
    {
        switch (entry)
        {
            case LabObjectVersion { IsDeleteMarker: true }:
                DeleteMarkerCount++;
                break;
            case LabObjectVersion { IsLatest: false }:
                NoncurrentCount++;
                NoncurrentSize += entry.Size;
                break;
            default:
                ObjectCount++;
                Size += entry.Size;
                break;
        }
    }
}
