namespace CloudLab.Core.Storage.Transfers;

/// <summary>A part of an unfinished upload, as the service has it.</summary>
public sealed class LabUploadPart
{
    /// <summary>Its place in the object, from 1.</summary>
    public required int PartNumber { get; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Entity tag without quotes; completing the upload takes it.</summary>
    public string? ETag { get; init; }

    /// <summary>Algorithm of <see cref="Checksum"/>: <c>CRC32</c>, <c>SHA256</c>; null where the service tells none.</summary>
    public string? ChecksumAlgorithm { get; init; }

    /// <summary>Checksum of the part in Base64, or null.</summary>
    public string? Checksum { get; init; }

    /// <summary>When it arrived.</summary>
    public DateTimeOffset LastModified { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"part {PartNumber}";
}
