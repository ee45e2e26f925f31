using CloudLab.Core.Common;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// An upload in parts that is neither complete nor given up: its parts are stored, and paid for, but no object shows
/// them. <see cref="Bucket"/>, <see cref="Key"/> and <see cref="UploadId"/> bind the parameters of that name.
/// </summary>
public sealed class LabMultipartUpload : SessionItem
{
    /// <summary>Bucket it goes to.</summary>
    public required string Bucket { get; init; }

    /// <summary>Key of the object it is to become.</summary>
    public required string Key { get; init; }

    /// <summary>Id that the service gave it; several uploads may go to one key.</summary>
    public required string UploadId { get; init; }

    /// <summary>When it was begun.</summary>
    public DateTimeOffset Initiated { get; init; }

    /// <summary>Storage class the object is to have: <c>STANDARD</c>.</summary>
    public string? StorageClass { get; init; }

    /// <summary>Who began it: a name, or an id where the service gives no name.</summary>
    public string? Initiator { get; init; }

    /// <summary>Parts that have arrived, by number; null where they were not asked for.</summary>
    public IReadOnlyList<LabUploadPart>? Parts { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>Size in bytes of the parts that have arrived; null where they were not asked for.</summary>
    public long? Size => Parts?.Sum(part => part.Size);

    /// <inheritdoc/>
    public override string ToString() => $"{ObjectName.Uri(Bucket, Key)} (upload {UploadId})";
}
