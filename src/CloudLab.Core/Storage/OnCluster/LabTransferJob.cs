using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>How far a transfer job is.</summary>
public enum TransferJobState
{
    /// <summary>It was only planned (<c>-WhatIf</c>).</summary>
    Planned,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It was stopped, and can go on.</summary>
    Stopped,

    /// <summary>Everything is done.</summary>
    Complete,

    /// <summary>It has ended, and not everything is done.</summary>
    Failed,
}

/// <summary>A copy or a deletion that runs as a Kubernetes Job.</summary>
public sealed class LabTransferJob : SessionItem
{
    /// <summary>Name of the Job.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>What it does.</summary>
    public required TransferAction Action { get; init; }

    /// <summary>What it is done to: <c>s3://movies/data/</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Where copies go; null where objects are deleted.</summary>
    public string? Destination { get; init; }

    /// <summary>How far it is.</summary>
    public required TransferJobState State { get; init; }

    /// <summary>Workers at once.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Ranges of keys, each one index of the Job.</summary>
    public required int RangeCount { get; init; }

    /// <summary>Ranges that are done.</summary>
    public int RangesDone { get; init; }

    /// <summary>Ranges that failed and are not tried again.</summary>
    public int RangesFailed { get; init; }

    /// <summary>About how many objects there are, as sampled.</summary>
    public required long EstimatedObjects { get; init; }

    /// <summary>About how large they are together, in bytes.</summary>
    public required long EstimatedSize { get; init; }

    /// <summary>Lower bound of how long it takes, from the latency that was seen and the number of workers; null once it has begun.</summary>
    public TimeSpan? EstimatedDuration { get; init; }

    /// <summary>Objects that were copied or deleted.</summary>
    public long Objects { get; init; }

    /// <summary>Objects whose copy was there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Size of what was copied, in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Objects that failed.</summary>
    public long FailedCount { get; init; }

    /// <summary>Every object that failed, and why.</summary>
    public TextList<LabTransferFailure> Failed { get; init; } = [];

    /// <summary>How many workers ended before their range was done: killed, evicted or failed.</summary>
    public int Retries { get; init; }

    /// <summary>When the first worker began.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When the last one ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How long it has run.</summary>
    public TimeSpan? Duration => Started is { } begun ? (Ended ?? DateTimeOffset.UtcNow) - begun : null;

    /// <summary>Objects a second, all workers together.</summary>
    public double ObjectsPerSecond => Duration is { TotalSeconds: > 0 } took ? Math.Round((Objects + Skipped) / took.TotalSeconds, 1) : 0;

    /// <summary>Bytes a second, all workers together.</summary>
    public double BytesPerSecond => Duration is { TotalSeconds: > 0 } took ? Math.Round(Size / took.TotalSeconds) : 0;

    /// <summary>What keeps workers from running, or why it failed; null where nothing does.</summary>
    public string? Problem { get; init; }

    /// <summary>The ranges.</summary>
    public TextList<LabTransferRange> Ranges { get; init; } = [];

    /// <summary>What is done, as far as tables show it: <c>12,000 of ~100,000</c>.</summary>
    public string Progress => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{Objects + Skipped:#,0} of {(State == TransferJobState.Complete ? "" : "~")}{(State == TransferJobState.Complete ? Objects + Skipped + FailedCount : EstimatedObjects):#,0}");

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One range of keys of a transfer job.</summary>
/// <param name="Index">Index of the Job.</param>
/// <param name="After">It begins behind this key; null for the first key.</param>
/// <param name="UpTo">The last key that it may have; null for no end.</param>
/// <param name="EstimatedObjects">About how many keys it has.</param>
public sealed record LabTransferRange(int Index, string? After, string? UpTo, long EstimatedObjects)
{
    /// <summary>How far it is: <c>Planned</c> (<c>-WhatIf</c>), <c>Waiting</c>, <c>Running</c>, <c>Done</c>, <c>Failed</c>.</summary>
    public string State { get; init; } = "Waiting";

    /// <summary>Objects that were copied or deleted.</summary>
    public long Objects { get; init; }

    /// <summary>Objects whose copy was there already.</summary>
    public long Skipped { get; init; }

    /// <summary>Size of what was copied, in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Objects that failed.</summary>
    public long Failed { get; init; }

    /// <summary>How many times a worker has taken it up.</summary>
    public int Attempts { get; init; }

    /// <summary>The key up to which everything is done.</summary>
    public string? DoneUpTo { get; init; }

    /// <summary>When a worker last said so.</summary>
    public DateTimeOffset? Updated { get; init; }

    /// <summary>The pod that said so.</summary>
    public string? Worker { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Index}";

    /// <summary>A range and how far it is.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="range">Its keys.</param>
    /// <param name="at">Its checkpoint, or null.</param>
    /// <param name="state">Its state where the Job knows better.</param>
    /// <returns>The range.</returns>
    internal static LabTransferRange Of(int index, KeyRange range, TransferCheckpoint? at, string? state) => new(index, range.After, range.UpTo, range.EstimatedObjects)
    {
        State = state ?? (at is null ? "Waiting" : at.Done ? "Done" : "Running"),
        Objects = at?.Objects ?? 0, Skipped = at?.Skipped ?? 0, Size = at?.Size ?? 0, Failed = at?.Failed ?? 0, Attempts = at?.Attempts ?? 0,
        DoneUpTo = at?.After, Updated = at?.Updated, Worker = at?.Worker,
    };
}

/// <summary>An object that could not be copied or deleted.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Code">What went wrong, in the service's words: <c>AccessDenied</c>.</param>
/// <param name="Message">The same in a sentence.</param>
public sealed record LabTransferFailure(string Key, string Code, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Key;
}
