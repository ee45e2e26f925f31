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
        (string Name, string Value) told = Told(answer);
        // A value with a hyphen is a checksum of the parts' checksums: no proof without knowing the parts.
        return told.Value is { Length: > 0 } && !told.Value.Contains('-', StringComparison.Ordinal) && answer["x-amz-checksum-type"] != "COMPOSITE"
            ? new StoredChecksum(told.Name, told.Value)
            : Checksum.Md5OfETag(answer.ETag, answer) is { } md5 ? new StoredChecksum("MD5", md5)
            : None;
    }

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
}
