using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Objects;

/// <summary>
/// An object as a listing shows it. <see cref="Bucket"/> and <see cref="Key"/> bind the parameters of that name, so
/// that what <c>Get-LabObject</c> writes can be received, read and removed.
/// </summary>
public class LabObject : SessionItem
{
    /// <summary>Bucket it is in.</summary>
    public required string Bucket { get; init; }

    /// <summary>Its key: an opaque name, in which a slash means nothing to the service.</summary>
    public required string Key { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When it was last written.</summary>
    public DateTimeOffset LastModified { get; init; }

    /// <summary>Entity tag without quotes. The MD5 of the content only for objects that were not sent in parts.</summary>
    public string? ETag { get; init; }

    /// <summary>Storage class: <c>STANDARD</c>, <c>GLACIER</c>.</summary>
    public string? StorageClass { get; init; }

    /// <summary>Version in a bucket that keeps versions; null in a plain listing.</summary>
    public string? VersionId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => ObjectName.Uri(Bucket, Key);
}
