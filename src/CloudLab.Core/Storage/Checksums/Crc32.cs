using System.Buffers.Binary;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>CRC-32 (IEEE 802.3, as in zlib), the checksum that S3 keeps for what is sent here.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private static readonly uint[] Table = CrcTable.Make(Polynomial);

    /// <summary>Goes on with a checksum.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint[] t = Table;
        uint c = ~crc;
        while (data.Length >= 8)
        {
            // Eight bytes a step, one table for each ("slicing by 8").
            ulong next = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ c;
            c = t[0x700 + (int)(next & 0xFF)] ^ t[0x600 + (int)((next >> 8) & 0xFF)]
                ^ t[0x500 + (int)((next >> 16) & 0xFF)] ^ t[0x400 + (int)((next >> 24) & 0xFF)]
                ^ t[0x300 + (int)((next >> 32) & 0xFF)] ^ t[0x200 + (int)((next >> 40) & 0xFF)]
                ^ t[0x100 + (int)((next >> 48) & 0xFF)] ^ t[(int)(next >> 56)];
            data = data[8..];
        }

        foreach (byte b in data)
        {
            c = (c >> 8) ^ t[(byte)(c ^ b)];
        }

        return ~c;
    }

    /// <summary>The checksum of two pieces one after the other, from the checksums of each.</summary>
    /// <param name="first">Checksum of the first piece.</param>
    /// <param name="second">Checksum of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The checksum of both.</returns>
    public static uint Combine(uint first, uint second, long secondLength)
    {
        // Appending n zero bytes multiplies the first CRC by x^(8n) modulo the polynomial.
        uint shift = 0x80000000, power = 0x00800000;
        for (long n = secondLength; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                shift = Multiply(shift, power);
            }

            power = Multiply(power, power);
        }

        return Multiply(first, shift) ^ second;
    }

    // Product of two polynomials over GF(2), bit-reflected: the highest bit is x^0.
    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (uint bit = 0x80000000; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
            {
                product ^= b;
            }

            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }

        return product;
    }
}
