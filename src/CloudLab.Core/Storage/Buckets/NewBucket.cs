namespace CloudLab.Core.Storage.Buckets;

/// <summary>A bucket to be created.</summary>
public sealed record NewBucket
{
    /// <summary>Its name; checked against S3's naming rules before anything is sent.</summary>
    public required string Name { get; init; }

    /// <summary>Region to create it in; null for the connection's own (a server that is not Amazon's then decides).</summary>
    public string? Region { get; init; }

    /// <summary>Whether it keeps old versions of objects.</summary>
    public bool Versioning { get; init; }

    /// <summary>Whether versions in it can be locked against removal. That cannot be undone, and takes versioning along.</summary>
    public bool ObjectLock { get; init; }

    /// <summary>Its tags: values by names.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it takes more than the one request that creates it.</summary>
    internal bool IsConfigured => Versioning || ObjectLock || Tags.Count > 0;
}
