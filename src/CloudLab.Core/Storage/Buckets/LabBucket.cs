using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>A bucket. <see cref="Bucket"/> binds the <c>-Bucket</c> of the next cmdlet.</summary>
public class LabBucket : SessionItem
{
    /// <summary>Its name.</summary>
    public required string Bucket { get; init; }

    /// <summary>Region the bucket is in: <c>eu-central-1</c>; null where the service does not say.</summary>
    public string? Region { get; init; }

    /// <summary>When it was created; null where only its existence was asked for.</summary>
    public DateTimeOffset? CreationDate { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Bucket;
}
