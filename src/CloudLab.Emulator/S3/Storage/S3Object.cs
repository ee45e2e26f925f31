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

    /// <summary>Storage class. What is archived has to be restored before it can be read.</summary>
    public string StorageClass { get; init; } = "STANDARD";

    /// <summary>How it is said to be encrypted at rest.</summary>
    public ObjectEncryption Encryption { get; init; } = ObjectEncryption.OfS3;

    /// <summary>Until when it may not be deleted, or null.</summary>
    public ObjectRetention? Retention { get; init; }

    /// <summary>True while it may not be deleted, however long that is; null where nobody has said.</summary>
    public bool? LegalHold { get; init; }

    /// <summary>The readable copy of what is archived, or null.</summary>
    public ObjectRestore? Restore { get; init; }

    /// <summary>Where a website sends who asks for it, or null.</summary>
    public string? WebsiteRedirect { get; init; }

    /// <summary>Who may do what by its access control list; null where only the owner may.</summary>
    public IReadOnlyList<AccessGrant>? Grants { get; init; }
}

/// <summary>One part of an object that was uploaded in parts.</summary>
/// <param name="Number">Part number, from 1.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Checksum">The part's checksum, if one was given.</param>
internal sealed record ObjectPart(int Number, long Size, ObjectChecksum? Checksum);

/// <summary>An object in one of its versions, or a delete marker. Immutable: a change puts another in its place.</summary>
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
    IReadOnlyList<ObjectPart>? Parts) : IKeyed
{
    /// <summary>Id of the version.</summary>
    public string VersionId { get; init; } = Storage.VersionId.Null;

    /// <summary>Place in time among the versions of the store: a later one has more.</summary>
    public long Sequence { get; init; }

    /// <summary>True for a delete marker, which has no data: as the newest version, it hides the key.</summary>
    public bool IsMarker { get; init; }

    /// <summary>A delete marker.</summary>
    /// <param name="key">The key that it hides.</param>
    /// <param name="now">When it is made.</param>
    /// <returns>The marker.</returns>
    public static S3Object Marker(string key, DateTimeOffset now) =>
        new(key, Blob.Empty, "", now, new ObjectProperties(), null, null) { IsMarker = true };
}
