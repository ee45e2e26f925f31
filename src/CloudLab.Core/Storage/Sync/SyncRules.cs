using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Core.Storage.Sync;

/// <summary>What tells that two things of the same name are the same.</summary>
public enum SyncComparison
{
    /// <summary>Size, and the time they were written; the content where the time does not tell.</summary>
    SizeAndTime,

    /// <summary>Size alone.</summary>
    Size,

    /// <summary>Size, and the content by its checksum.</summary>
    Checksum,
}

/// <summary>By which rules two ends are made the same.</summary>
public sealed record SyncRules
{
    /// <summary>Which way things go. A synchronization sets it by its places.</summary>
    public TransferDirection Direction { get; init; }

    /// <summary>What tells that something is unchanged.</summary>
    public SyncComparison Comparison { get; init; }

    /// <summary>Keeps what is newer at the destination.</summary>
    public bool Update { get; init; }

    /// <summary>Removes at the destination what the source lacks.</summary>
    public bool Delete { get; init; }

    /// <summary>Picks among the names relative to both ends; null for all. What is left out is neither transferred nor removed.</summary>
    public Func<string, bool>? Filter { get; init; }
}
