using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>What a path of a LabS3 drive names.</summary>
/// <param name="Session">Name of the session that a drive was made with; null for the runspace's default.</param>
/// <param name="Bucket">Bucket; empty for the service with all its buckets.</param>
/// <param name="Key">Key of an object, or what stands before the slash of a prefix; null for the bucket itself.</param>
/// <param name="IsFolder">True where the path itself says that it means the prefix, false for the object; null means the prefix if there is one.</param>
internal sealed record DriveLocation(string? Session, string Bucket, string? Key, bool? IsFolder)
{
    /// <summary>True for the service, whose children are buckets.</summary>
    public bool IsService => Bucket.Length == 0;

    /// <summary>True for a bucket itself.</summary>
    public bool IsBucket => Bucket.Length > 0 && Key is null;

    /// <summary>What the keys below have in common: <c>data/</c>; empty for a bucket.</summary>
    public string Prefix => Key is null ? "" : Key + "/";

    /// <summary>The way it is named to people.</summary>
    /// <returns><c>s3://movies/data/users.json</c>; ends in a slash where it says folder.</returns>
    public override string ToString() => IsService ? "s3://" : ObjectName.Uri(Bucket, IsFolder is true ? Prefix : Key ?? "");
}
