using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>The best proof of an object's content that a service keeps.</summary>
/// <param name="Algorithm"><c>CRC32</c>, …, <c>MD5</c>; <c>Size</c> where there is nothing better.</param>
/// <param name="Value">The checksum in Base64.</param>
internal sealed record StoredChecksum(string Algorithm, string Value)
{
    /// <summary>No proof but the length.</summary>
    public static StoredChecksum None { get; } = new("Size", "");

    /// <summary>What a service tells of a whole object, the cheapest to check first.</summary>
    /// <param name="answer">Answer to HEAD or GET, asked with <c>x-amz-checksum-mode</c>.</param>
    /// <returns>The proof.</returns>
    public static StoredChecksum Of(S3Answer answer)
    {
        (string name, string value) = Told(answer);
        return Of(name, answer["x-amz-checksum-type"] == "COMPOSITE" ? null : value, answer.ETag, answer.Encryption);
    }

    /// <summary>The same of an object that was looked up.</summary>
    /// <param name="stored">The object.</param>
    /// <returns>The proof.</returns>
    public static StoredChecksum Of(LabObject stored) => stored is LabObjectMetadata known
        ? Of(known.ChecksumAlgorithm, known.Checksum, known.ETag, known.ServerSideEncryption)
        : Of(null, null, stored.ETag, null);

    /// <summary>The checksum that an answer carries, of a whole or of parts.</summary>
    /// <param name="answer">The answer.</param>
    /// <returns>Name and value; empty where there is none.</returns>
    public static (string Name, string Value) Told(S3Answer answer)
    {
        foreach (string name in Checksum.Names)
        {
            if (answer[Checksum.Header(name)] is { } value)
            {
                return (name, value);
            }
        }

        return ("", "");
    }

    // A value with a hyphen is a checksum of the parts' checksums: no proof without knowing the parts.
    private static StoredChecksum Of(string? name, string? value, string? etag, string? encryption) =>
        value is { Length: > 0 } && !value.Contains('-', StringComparison.Ordinal) ? new StoredChecksum(name!, value)
        : Checksum.Md5OfETag(etag, encryption) is { } md5 ? new StoredChecksum("MD5", md5)
        : None;
}
