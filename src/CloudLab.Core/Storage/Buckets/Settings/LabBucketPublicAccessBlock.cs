using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>What keeps a bucket from becoming public, whatever its policy and access control lists say.</summary>
public sealed class LabBucketPublicAccessBlock : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Access control lists that make something public are refused.</summary>
    public bool BlockPublicAcls { get; init; }

    /// <summary>Access control lists that already make something public do not count.</summary>
    public bool IgnorePublicAcls { get; init; }

    /// <summary>Policies that make the bucket public are refused.</summary>
    public bool BlockPublicPolicy { get; init; }

    /// <summary>Where a policy makes the bucket public already, only its own account and services of AWS get in.</summary>
    public bool RestrictPublicBuckets { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Bucket;
}
