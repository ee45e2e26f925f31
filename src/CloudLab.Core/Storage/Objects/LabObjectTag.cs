using CloudLab.Core.Common;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Storage.Objects;

/// <summary>The tags of one object. <see cref="Bucket"/>, <see cref="Key"/> and <see cref="Tag"/> bind the parameters of that name.</summary>
public sealed class LabObjectTag : SessionItem
{
    /// <summary>Bucket of the object.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of the object.</summary>
    public required string Key { get; init; }

    /// <summary>Version that has the tags; null where the bucket keeps none.</summary>
    public string? VersionId { get; init; }

    /// <summary>Names and values; empty for an object without tags.</summary>
    public required IReadOnlyDictionary<string, string> Tag { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => ObjectName.Uri(Bucket, Key);
}
