using System.Buffers.Binary;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>Compares what arrives with the best proof that the service keeps of the whole object.</summary>
internal sealed class ContentCheck : IDisposable
{
    private const string SizeOnly = "Size";

    private readonly string expected;
    private readonly IncrementalHash? hash;
    private ulong crc;

    private ContentCheck(string algorithm, string expected, IncrementalHash? hash = null)
    {
        Algorithm = algorithm;
        this.expected = expected;
        this.hash = hash;
    }

    /// <summary>What proves the content: <c>CRC32</c>, <c>MD5</c>; <c>Size</c> where there is nothing better.</summary>
    public string Algorithm { get; }

    /// <summary>False where only the size can be compared.</summary>
    public bool ProvesContent => Algorithm != SizeOnly;

    /// <summary>Picks the check that an answer allows, the cheapest first.</summary>
    /// <param name="answer">Answer to a GET of the whole object.</param>
    /// <returns>A check to feed.</returns>
    public static ContentCheck For(GetObjectResponse answer) =>
        Whole(answer.ChecksumCRC64NVME) is { } crc64 ? new("CRC64NVME", crc64)
        : Whole(answer.ChecksumCRC32C) is { } crc32C ? new("CRC32C", crc32C)
        : Whole(answer.ChecksumCRC32) is { } crc32 ? new("CRC32", crc32)
        : Whole(answer.ChecksumSHA1) is { } sha1 ? new("SHA1", sha1, IncrementalHash.CreateHash(HashAlgorithmName.SHA1))
        : Whole(answer.ChecksumSHA256) is { } sha256 ? new("SHA256", sha256, IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        : Md5OfETag(answer.ETag, answer.ServerSideEncryptionMethod, answer.ServerSideEncryptionCustomerMethod) is { } md5
            ? new("MD5", md5, IncrementalHash.CreateHash(HashAlgorithmName.MD5))
        : new(SizeOnly, "");

    /// <summary>Picks the check that an object's metadata allow.</summary>
    /// <param name="stored">The object as the service tells of it.</param>
    /// <returns>A check to feed.</returns>
    public static ContentCheck For(LabObjectMetadata stored) => (stored.ChecksumAlgorithm, Whole(stored.Checksum)) switch
    {
        ("CRC64NVME" or "CRC32C" or "CRC32", { } crc) => new(stored.ChecksumAlgorithm, crc),
        ("SHA1", { } sha1) => new("SHA1", sha1, IncrementalHash.CreateHash(HashAlgorithmName.SHA1)),
        ("SHA256", { } sha256) => new("SHA256", sha256, IncrementalHash.CreateHash(HashAlgorithmName.SHA256)),
        _ => Md5OfETag(stored.ETag, stored.ServerSideEncryption, null) is { } md5
            ? new("MD5", md5, IncrementalHash.CreateHash(HashAlgorithmName.MD5))
            : new(SizeOnly, ""),
    };

    /// <summary>The MD5 that an entity tag is, if it is one.</summary>
    /// <param name="etag">Entity tag with or without quotes.</param>
    /// <param name="encryption">Encryption at rest; with keys of KMS the tag is no MD5.</param>
    /// <param name="customerEncryption">Encryption with the customer's key; the same.</param>
    /// <returns>The MD5 in Base64, or null.</returns>
    public static string? Md5OfETag(
        string? etag, ServerSideEncryptionMethod? encryption, ServerSideEncryptionCustomerMethod? customerEncryption)
    {
        string tag = etag?.Trim('"') ?? "";
        bool encrypted = (encryption?.Value is { Length: > 0 } method && method != ServerSideEncryptionMethod.AES256.Value)
            || customerEncryption?.Value is { Length: > 0 };
        return tag.Length == 32 && !encrypted && tag.All(char.IsAsciiHexDigit) ? Convert.ToBase64String(Convert.FromHexString(tag)) : null;
    }

    /// <summary>A CRC-32 as S3 writes it: big-endian, in Base64.</summary>
    /// <param name="crc">The checksum.</param>
    /// <returns>Eight characters.</returns>
    public static string ToBase64(uint crc)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, crc);
        return Convert.ToBase64String(bytes);
    }

    /// <summary>Takes the next bytes.</summary>
    /// <param name="data">Bytes as they arrive.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        switch (Algorithm)
        {
            case "CRC64NVME":
                crc = Crc64Nvme.Append(crc, data);
                break;
            case "CRC32C":
                crc = Crc32C.Append((uint)crc, data);
                break;
            case "CRC32":
                crc = Crc32.Append((uint)crc, data);
                break;
            default:
                hash?.AppendData(data);
                break;
        }
    }

    /// <summary>Whether all that came is what was stored.</summary>
    /// <returns>False when it is something else.</returns>
    public bool Holds()
    {
        switch (Algorithm)
        {
            case SizeOnly:
                return true;
            case "CRC64NVME":
                byte[] bytes = new byte[8];
                BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
                return Convert.ToBase64String(bytes) == expected;
            default:
                return (hash is null ? ToBase64((uint)crc) : Convert.ToBase64String(hash.GetHashAndReset())) == expected;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => hash?.Dispose();

    // A value with a hyphen is a checksum of the parts' checksums: no proof without knowing the parts.
    private static string? Whole(string? value) => value is { Length: > 0 } && !value.Contains('-', StringComparison.Ordinal) ? value : null;
}
