using System.Buffers.Binary;
using System.Security.Cryptography;

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

    private readonly Crc? crc = CrcOf(algorithm);
    private ulong value;

    /// <summary>Which checksum this is.</summary>
    public ChecksumAlgorithm Algorithm { get; } = algorithm;

    /// <summary>The CRC of a whole from those of its parts.</summary>
    /// <param name="algorithm">A CRC.</param>
    /// <param name="parts">Values and lengths of the parts, in order.</param>
    /// <returns>The value.</returns>
    public static byte[] Combine(ChecksumAlgorithm algorithm, IEnumerable<(byte[] Value, long Length)> parts)
    {
        Crc crc = CrcOf(algorithm)!;
        ulong whole = 0;
        foreach ((byte[] part, long length) in parts)
        {
            ulong value = part.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(part) : BinaryPrimitives.ReadUInt32BigEndian(part);
            whole = crc.Combine(whole, value, length);
        }

        return ToBytes(whole, algorithm);
    }

    /// <summary>Takes more data.</summary>
    /// <param name="data">The data.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (sha is not null)
        {
            sha.AppendData(data);
        }
        else
        {
            value = crc!.Append(value, data);
        }
    }

    /// <summary>The checksum of all data.</summary>
    /// <returns>Its bytes, most significant first.</returns>
    public byte[] Finish() => sha is not null ? sha.GetHashAndReset() : ToBytes(value, Algorithm);

    /// <inheritdoc/>
    public void Dispose() => sha?.Dispose();

    private static Crc? CrcOf(ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc32 => Crc.Crc32,
        ChecksumAlgorithm.Crc32C => Crc.Crc32C,
        ChecksumAlgorithm.Crc64Nvme => Crc.Crc64Nvme,
        _ => null,
    };

    private static byte[] ToBytes(ulong value, ChecksumAlgorithm algorithm)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes[(8 - algorithm.Size())..];
    }
}
