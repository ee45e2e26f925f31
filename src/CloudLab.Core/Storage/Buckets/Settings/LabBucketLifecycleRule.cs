using System.Collections;
using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>One rule of what a bucket does with objects as they grow old: move them to an archive, remove them.</summary>
public sealed class LabBucketLifecycleRule : SessionItem, IBucketRule
{
    private readonly string? id;

    /// <summary>Bucket it was read from.</summary>
    public string Bucket { get; init; } = "";

    /// <summary>Id of the rule, its own in the bucket. What it is about where none is given: its prefix, tags and sizes, or <c>all</c>.</summary>
    public string Id
    {
        get => id ?? (string.Join(' ', Conditions()) is { Length: > 0 } conditions ? conditions : "all");
        init => id = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Whether the rule counts; false keeps it for later.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Beginning of the keys it is about; empty for all.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Tags that an object must all have, names and values; null where tags do not matter.</summary>
    public IDictionary? Tag { get; init => field = value is null ? null : new TextDictionary(TextTable.Read(value)); }

    /// <summary>Only objects of more bytes than this; null where size does not matter.</summary>
    public long? ObjectSizeGreaterThan { get; init; }

    /// <summary>Only objects of fewer bytes than this; null where size does not matter.</summary>
    public long? ObjectSizeLessThan { get; init; }

    /// <summary>Moves to other storage classes, earliest first.</summary>
    public TextList<LabBucketTransition> Transition { get; init; } = [];

    /// <summary>Days after an object was written at which it is removed (in a bucket with versions: becomes noncurrent); null for never.</summary>
    public int? ExpireAfterDays { get; init; }

    /// <summary>The day from which on objects are removed, UTC; null for none.</summary>
    public DateTimeOffset? ExpireDate { get; init; }

    /// <summary>Whether delete markers with no version left behind them are removed.</summary>
    public bool RemoveExpiredDeleteMarkers { get; init; }

    /// <summary>Moves of noncurrent versions to other storage classes.</summary>
    public TextList<LabBucketTransition> NoncurrentTransition { get; init; } = [];

    /// <summary>Days after which a version that is no longer the current one is removed; null for never.</summary>
    public int? NoncurrentExpireAfterDays { get; init; }

    /// <summary>Newest noncurrent versions that stay nevertheless; null for none.</summary>
    public int? NoncurrentVersionsToKeep { get; init; }

    /// <summary>Days after its beginning at which an unfinished upload is aborted; null for never.</summary>
    public int? AbortUploadsAfterDays { get; init; }

    /// <summary>What the rule does, in words. It follows from the other properties: what a rule that comes from JSON has here is ignored.</summary>
    public string Actions
    {
        get => string.Join("; ", InWords());
        init => _ = value;
    }

    /// <inheritdoc/>
    public override string ToString() => Id;

    private IEnumerable<string> Conditions()
    {
        if (Prefix.Length > 0)
        {
            yield return Prefix;
        }

        foreach ((string name, string value) in TextTable.Read(Tag).OrderBy(tag => tag.Key, StringComparer.Ordinal))
        {
            yield return $"{name}={value}";
        }

        if (ObjectSizeGreaterThan is { } more)
        {
            yield return $">{more}";
        }

        if (ObjectSizeLessThan is { } less)
        {
            yield return $"<{less}";
        }
    }

    private IEnumerable<string> InWords()
    {
        foreach (LabBucketTransition move in Transition)
        {
            yield return move.ToString();
        }

        if (ExpireAfterDays is { } days)
        {
            yield return $"expire after {days} d";
        }

        if (ExpireDate is { } date)
        {
            yield return $"expire from {date:yyyy-MM-dd}";
        }

        if (RemoveExpiredDeleteMarkers)
        {
            yield return "remove expired delete markers";
        }

        foreach (LabBucketTransition move in NoncurrentTransition)
        {
            yield return "noncurrent to " + move;
        }

        if (NoncurrentExpireAfterDays is { } old)
        {
            yield return $"expire noncurrent after {old} d" + (NoncurrentVersionsToKeep is { } keep ? $", keep {keep}" : "");
        }

        if (AbortUploadsAfterDays is { } abort)
        {
            yield return $"abort uploads after {abort} d";
        }
    }
}
