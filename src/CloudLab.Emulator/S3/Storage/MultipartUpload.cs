using CloudLab.Emulator.S3.Checksums;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>A part that waits for its upload to be completed.</summary>
/// <param name="Number">Part number, from 1.</param>
/// <param name="Content">Its data.</param>
/// <param name="ETag">MD5 in hex.</param>
/// <param name="LastModified">When it was uploaded.</param>
/// <param name="Checksum">Its checksum, if one was given or the upload asks for one.</param>
internal sealed record UploadedPart(int Number, Blob Content, string ETag, DateTimeOffset LastModified, ObjectChecksum? Checksum);

/// <summary>An upload in parts that is not completed yet.</summary>
/// <param name="id">Upload id.</param>
/// <param name="key">Key of the object to be.</param>
/// <param name="initiated">When it began.</param>
/// <param name="properties">What the client said of the object to be.</param>
/// <param name="checksumAlgorithm">Checksum that parts and object are to have, or null.</param>
/// <param name="composite">Whether that checksum is one of the parts' checksums.</param>
internal sealed class MultipartUpload(
    string id, string key, DateTimeOffset initiated, ObjectProperties properties, ChecksumAlgorithm? checksumAlgorithm, bool composite)
{
    /// <summary>Upload id.</summary>
    public string Id { get; } = id;

    /// <summary>Key of the object to be.</summary>
    public string Key { get; } = key;

    /// <summary>When it began.</summary>
    public DateTimeOffset Initiated { get; } = initiated;

    /// <summary>What the client said of the object to be.</summary>
    public ObjectProperties Properties { get; } = properties;

    /// <summary>Checksum that parts and object are to have, or null.</summary>
    public ChecksumAlgorithm? ChecksumAlgorithm { get; } = checksumAlgorithm;

    /// <summary>Whether that checksum is one of the parts' checksums.</summary>
    public bool Composite { get; } = composite;

    /// <summary>Parts by number. Guarded by the bucket's lock.</summary>
    public SortedDictionary<int, UploadedPart> Parts { get; } = [];
}
