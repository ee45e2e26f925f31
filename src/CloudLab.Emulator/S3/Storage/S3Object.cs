using CloudLab.Emulator.S3.Checksums;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>What a client may say of an object besides its data.</summary>
internal sealed record ObjectProperties
{
    /// <summary>Content-Type and its kin, by the header's name as S3 writes it.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>User metadata without <c>x-amz-meta-</c>; a character is a byte.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Tags in the order they were given.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Storage class; nothing depends on it.</summary>
    public string StorageClass { get; init; } = "STANDARD";
}

/// <summary>One part of an object that was uploaded in parts.</summary>
/// <param name="Number">Part number, from 1.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Checksum">The part's checksum, if one was given.</param>
internal sealed record ObjectPart(int Number, long Size, ObjectChecksum? Checksum);

/// <summary>An object. Immutable: a change puts another in its place.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Content">Its data.</param>
/// <param name="ETag">Entity tag without quotes.</param>
/// <param name="LastModified">When it was written.</param>
/// <param name="Properties">What the client said of it.</param>
/// <param name="Checksum">Its checksum, if one was given.</param>
/// <param name="Parts">Its parts, if it was uploaded in parts.</param>
internal sealed record S3Object(
    string Key,
    Blob Content,
    string ETag,
    DateTimeOffset LastModified,
    ObjectProperties Properties,
    ObjectChecksum? Checksum,
    IReadOnlyList<ObjectPart>? Parts);
