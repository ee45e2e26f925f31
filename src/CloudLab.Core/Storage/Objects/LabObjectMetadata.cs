using CloudLab.Core.Common;

namespace CloudLab.Core.Storage.Objects;

/// <summary>An object with all that the service tells of it (<c>Get-LabObject -Key</c>).</summary>
public sealed class LabObjectMetadata : LabObject
{
    /// <summary>Media type: <c>application/json</c>.</summary>
    public string? ContentType { get; init; }

    /// <summary>Coding of the stored bytes: <c>gzip</c>.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Language of the content: <c>de</c>.</summary>
    public string? ContentLanguage { get; init; }

    /// <summary>What caches are told.</summary>
    public string? CacheControl { get; init; }

    /// <summary>What a browser is told to do with it.</summary>
    public string? ContentDisposition { get; init; }

    /// <summary>User metadata; names without <c>x-amz-meta-</c>, in lower case.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <summary>Algorithm of <see cref="Checksum"/>: <c>CRC32</c>, <c>SHA256</c>; null where none is stored.</summary>
    public string? ChecksumAlgorithm { get; init; }

    /// <summary>Stored checksum in Base64; one of an object sent in parts may end in <c>-</c> and the number of parts.</summary>
    public string? Checksum { get; init; }

    /// <summary>Encryption at rest: <c>AES256</c>, <c>aws:kms</c>, <c>SSE-C</c> (the customer's key); null where none is reported.</summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>Key of KMS that it is encrypted with, or null.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>Number of parts that it was sent in; null where it came in one, or the service does not say.</summary>
    public int? Parts { get; init; }

    /// <summary>Number of tags; null where there are none, or the service does not say.</summary>
    public int? TagCount { get; init; }

    /// <summary>
    /// Of an archived object: true while it is on its way back, false when a copy is there; null where nobody asked for it.
    /// </summary>
    public bool? RestoreInProgress { get; init; }

    /// <summary>Until when the copy of an archived object stays; null where there is none.</summary>
    public DateTimeOffset? RestoreExpires { get; init; }
}
