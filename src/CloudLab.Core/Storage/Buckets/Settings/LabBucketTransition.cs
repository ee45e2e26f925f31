namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The part of a lifecycle rule that moves objects to another storage class.</summary>
public sealed class LabBucketTransition
{
    /// <summary>Days after the object was written, or after it was replaced or deleted where noncurrent versions are meant; null where a date counts.</summary>
    public int? AfterDays { get; init; }

    /// <summary>The day from which on, UTC; null where days count.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Storage class they go to: <c>GLACIER</c>, <c>DEEP_ARCHIVE</c>, <c>STANDARD_IA</c>.</summary>
    public string StorageClass { get; init; } = "GLACIER";

    /// <summary>Newest noncurrent versions that stay where they are; null for none, and always null for current objects.</summary>
    public int? VersionsToKeep { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Date is { } date ? $"{StorageClass} from {date:yyyy-MM-dd}" : $"{StorageClass} after {AfterDays} d";
}
