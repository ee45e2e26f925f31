using System.Buffers.Binary;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>CRC-64/NVME, the checksum that Amazon S3 computes itself for objects sent without one.</summary>
internal static class Crc64Nvme
{
    private const ulong Polynomial = 0x9A6C9329AC4BC9B5;
    private static readonly ulong[] Table = CrcTable.Make(Polynomial);

    /// <summary>Goes on with a checksum.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public static ulong Append(ulong crc, ReadOnlySpan<byte> data)
    {
        ulong[] t = Table;
        ulong c = ~crc;
        for (; data.Length >= 8; data = data[8..])
        {
            c ^= BinaryPrimitives.ReadUInt64LittleEndian(data);
            c = t[0x700 + (int)(c & 0xFF)] ^ t[0x600 + (int)((c >> 8) & 0xFF)]
                ^ t[0x500 + (int)((c >> 16) & 0xFF)] ^ t[0x400 + (int)((c >> 24) & 0xFF)]
                ^ t[0x300 + (int)((c >> 32) & 0xFF)] ^ t[0x200 + (int)((c >> 40) & 0xFF)]
                ^ t[0x100 + (int)((c >> 48) & 0xFF)] ^ t[(int)(c >> 56)];
        }

        foreach (byte b in data)
        {
            c = (c >> 8) ^ t[(byte)(c ^ b)];
        }

        return ~c;
    }
}
