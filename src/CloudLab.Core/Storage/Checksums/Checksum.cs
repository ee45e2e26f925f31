using System.Buffers.Binary;
using System.Security.Cryptography;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>The checksums that S3 keeps, by its names for them.</summary>
internal static class Checksum
{
    /// <summary>
    /// What is sent where nobody asks for another: processors have an instruction for it, so that it costs the service next to nothing, too.
    /// With CRC-32 radosgw takes 1 GiB a third slower.
    /// </summary>
    public const string Default = "CRC32C";

    /// <summary>Their names, the cheapest to compute first.</summary>
    public static readonly string[] Names = ["CRC64NVME", "CRC32C", "CRC32", "SHA1", "SHA256"];

    /// <summary>Whether the checksum of a whole follows from those of its parts.</summary>
    /// <param name="name">Name of the checksum.</param>
    /// <returns>True for CRCs.</returns>
    public static bool IsCrc(string name) => name.StartsWith("CRC", StringComparison.Ordinal);

    /// <summary>Header that carries a checksum.</summary>
    /// <param name="name">Its name.</param>
    /// <returns><c>x-amz-checksum-crc32</c></returns>
    public static string Header(string name) => "x-amz-checksum-" + name.ToLowerInvariant();

    /// <summary>Element that carries a checksum.</summary>
    /// <param name="name">Its name.</param>
    /// <returns><c>ChecksumCRC32</c></returns>
    public static string Element(string name) => "Checksum" + name;

    /// <summary>Goes on with a CRC.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="crc">CRC so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The CRC of all.</returns>
    public static ulong Append(string name, ulong crc, ReadOnlySpan<byte> data) => name switch
    {
        "CRC32" => Crc32.Append((uint)crc, data),
        "CRC32C" => Crc32C.Append((uint)crc, data),
        _ => Crc64Nvme.Append(crc, data),
    };

    /// <summary>The CRC of two pieces one after the other.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="first">CRC of the first piece.</param>
    /// <param name="second">CRC of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The CRC of both.</returns>
    public static ulong Combine(string name, ulong first, ulong second, long secondLength) => name switch
    {
        "CRC32" => Crc32.Combine((uint)first, (uint)second, secondLength),
        "CRC32C" => Crc32C.Combine((uint)first, (uint)second, secondLength),
        _ => Crc64Nvme.Combine(first, second, secondLength),
    };

    /// <summary>A CRC as S3 writes it: big-endian, in Base64.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="crc">The CRC.</param>
    /// <returns>8 or 12 characters.</returns>
    public static string ToBase64(string name, ulong crc)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, crc);
        return Convert.ToBase64String(name == "CRC64NVME" ? bytes : bytes[4..]);
    }

    /// <summary>Reads a CRC.</summary>
    /// <param name="base64">As S3 writes it.</param>
    /// <returns>The CRC.</returns>
    public static ulong Parse(string base64)
    {
        ulong crc = 0;
        foreach (byte b in Convert.FromBase64String(base64))
        {
            crc = (crc << 8) | b;
        }

        return crc;
    }

    /// <summary>A hash that is no CRC.</summary>
    /// <param name="name"><c>SHA1</c>, <c>SHA256</c> or <c>MD5</c>.</param>
    /// <returns>The hash, to be fed.</returns>
    public static IncrementalHash NewHash(string name) => IncrementalHash.CreateHash(new HashAlgorithmName(name));

    /// <summary>The MD5 that an entity tag is, if it is one.</summary>
    /// <param name="etag">Entity tag without quotes.</param>
    /// <param name="encryption">Encryption at rest, as <see cref="LabObjectMetadata.ServerSideEncryption"/>: with keys of KMS or of the customer the tag is no MD5.</param>
    /// <returns>The MD5 in Base64, or null.</returns>
    public static string? Md5OfETag(string? etag, string? encryption) =>
        etag is { Length: 32 } && encryption is null or "AES256" && etag.All(char.IsAsciiHexDigit) ? Convert.ToBase64String(Convert.FromHexString(etag)) : null;
}
