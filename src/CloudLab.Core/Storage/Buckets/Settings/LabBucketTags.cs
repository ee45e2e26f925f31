using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>The tags of a bucket, all together.</summary>
public sealed class LabBucketTags : SessionItem
{
    /// <summary>Bucket.</summary>
    public required string Bucket { get; init; }

    /// <summary>Values by the names of the tags.</summary>
    public required Dictionary<string, string> Tag { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Bucket;
}
