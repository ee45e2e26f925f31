using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Listing;

/// <summary>Which objects of a bucket to list.</summary>
public sealed record ObjectListing
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Beginning of the keys; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Keys that go on behind this after the prefix are shown as one <see cref="LabPrefix"/>; null shows each key.</summary>
    public string? Delimiter { get; init; }

    /// <summary>Only keys that sort after this one.</summary>
    public string? StartAfter { get; init; }

    /// <summary>Keys in one request, at most 1,000.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>True for every version of every object, and the marks of deleted ones: <see cref="LabObjectVersion"/>s.</summary>
    public bool Versions { get; init; }

    /// <summary>Picks among keys and prefixes; null for all.</summary>
    public Func<string, bool>? Filter { get; init; }
}
