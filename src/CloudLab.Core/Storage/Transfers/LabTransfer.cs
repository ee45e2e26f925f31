using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>Which way a transfer went.</summary>
public enum TransferDirection
{
    /// <summary>From this machine to a bucket.</summary>
    Upload,

    /// <summary>From a bucket to this machine.</summary>
    Download,

    /// <summary>From a bucket to a bucket, inside the service.</summary>
    Copy,
}

/// <summary>
/// One object that was sent, received or copied, complete and checked. Like a FileInfo it binds <c>-LiteralPath</c> of file
/// cmdlets through <see cref="PSPath"/>, and <c>-Bucket -Key</c> of the storage cmdlets.
/// </summary>
public sealed class LabTransfer : SessionItem
{
    /// <summary>Which way it went.</summary>
    public required TransferDirection Direction { get; init; }

    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of the object.</summary>
    public required string Key { get; init; }

    /// <summary>Bucket that a copy was made from; null for a file.</summary>
    public string? SourceBucket { get; init; }

    /// <summary>Key of the object that a copy was made from; null for a file.</summary>
    public string? SourceKey { get; init; }

    /// <summary>Full path of the file; null for a copy, and for what came from a stream.</summary>
    public string? FullName { get; init; }

    /// <summary>The same path under the name that file cmdlets bind.</summary>
    public string? PSPath => FullName;

    /// <summary>Size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Entity tag of the object, without quotes.</summary>
    public string? ETag { get; init; }

    /// <summary>Version that was written or read, in a bucket that keeps versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>What proved the content: <c>CRC32</c>, <c>CRC64NVME</c>, <c>MD5</c>, …, or <c>Size</c> where the service keeps no checksum of the whole.</summary>
    public required string VerifiedBy { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>What was read: a path, or <c>s3://bucket/key</c>. Null for content from the pipeline.</summary>
    public string? Source => Direction switch
    {
        TransferDirection.Upload => FullName,
        TransferDirection.Download => ObjectName.Uri(Bucket, Key),
        _ => ObjectName.Uri(SourceBucket!, SourceKey!),
    };

    /// <summary>What was written: a path, or <c>s3://bucket/key</c>.</summary>
    public string? Destination => Direction == TransferDirection.Download ? FullName : ObjectName.Uri(Bucket, Key);

    /// <inheritdoc/>
    public override string ToString() => $"{Source ?? "-"} -> {Destination}";
}
