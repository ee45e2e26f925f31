using System.Buffers.Binary;
using System.Security.Cryptography;
using CloudLab.Core.Storage.Checksums;

namespace CloudLab.Emulator.S3.Checksums;

/// <summary>Computes one checksum as data comes by.</summary>
/// <param name="algorithm">Which.</param>
internal sealed class ChecksumHasher(ChecksumAlgorithm algorithm) : IDisposable
{
    private readonly IncrementalHash? sha = algorithm switch
    {
        ChecksumAlgorithm.Sha1 => IncrementalHash.CreateHash(HashAlgorithmName.SHA1),
        ChecksumAlgorithm.Sha256 => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
        _ => null,
    };

    private ulong crc;

    /// <summary>Which checksum this is.</summary>
    public ChecksumAlgorithm Algorithm { get; } = algorithm;

    /// <summary>The CRC of a whole from those of its parts.</summary>
    /// <param name="algorithm">A CRC.</param>
    /// <param name="parts">Values and lengths of the parts, in order.</param>
    /// <returns>The value.</returns>
    public static byte[] Combine(ChecksumAlgorithm algorithm, IEnumerable<(byte[] Value, long Length)> parts)
    {
        ulong whole = 0;
        foreach ((byte[] part, long length) in parts)
        {
            ulong value = part.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(part) : BinaryPrimitives.ReadUInt32BigEndian(part);
            whole = algorithm switch
            {
                ChecksumAlgorithm.Crc32 => Crc32.Combine((uint)whole, (uint)value, length),
                ChecksumAlgorithm.Crc32C => Crc32C.Combine((uint)whole, (uint)value, length),
                _ => Crc64Nvme.Combine(whole, value, length),
            };
        }

        return ToBytes(whole, algorithm);
    }

    /// <summary>Takes more data.</summary>
    /// <param name="data">The data.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        switch (Algorithm)
        {
            case ChecksumAlgorithm.Crc32:
                crc = Crc32.Append((uint)crc, data);
                break;
            case ChecksumAlgorithm.Crc32C:
                crc = Crc32C.Append((uint)crc, data);
                break;
            case ChecksumAlgorithm.Crc64Nvme:
                crc = Crc64Nvme.Append(crc, data);
                break;
            default:
                sha!.AppendData(data);
                break;
        }
    }

    /// <summary>The checksum of all data.</summary>
    /// <returns>Its bytes, most significant first.</returns>
    public byte[] Finish() => sha is not null ? sha.GetHashAndReset() : ToBytes(crc, Algorithm);

    /// <inheritdoc/>
    public void Dispose() => sha?.Dispose();

    private static byte[] ToBytes(ulong value, ChecksumAlgorithm algorithm)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes[(8 - algorithm.Size())..];
    }
}
