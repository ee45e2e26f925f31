using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>Whether a bucket keeps the old versions of objects.</summary>
public sealed class LabBucketVersioning : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Off, Enabled or Suspended.</summary>
    public BucketVersioningStatus Status { get; init; }

    /// <summary>Whether removing a version asks for a code of the account's MFA device.</summary>
    public bool MfaDelete { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Bucket;
}

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
