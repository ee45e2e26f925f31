using System.Buffers.Binary;

namespace CloudLab.Emulator.S3.Checksums;

/// <summary>
/// A reflected CRC of 32 or 64 bits with all bits set before and inverted after, eight bytes a step
/// (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
/// </summary>
internal sealed class Crc
{
    private readonly ulong[][] tables = new ulong[8][];
    private readonly ulong polynomial;
    private readonly ulong mask;
    private readonly int bits;

    private Crc(ulong polynomial, int bits)
    {
        this.polynomial = polynomial;
        this.bits = bits;
        mask = bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;
        tables[0] = new ulong[256];
        for (int i = 0; i < 256; i++)
        {
            ulong value = (ulong)i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ polynomial : value >> 1;
            }

            tables[0][i] = value;
        }

        for (int t = 1; t < 8; t++)
        {
            tables[t] = new ulong[256];
            for (int i = 0; i < 256; i++)
            {
                ulong before = tables[t - 1][i];
                tables[t][i] = (before >> 8) ^ tables[0][before & 0xFF];
            }
        }
    }

    /// <summary>CRC-32 as in zlib.</summary>
    public static Crc Crc32 { get; } = new(0xEDB88320, 32);

    /// <summary>CRC-32C as in iSCSI.</summary>
    public static Crc Crc32C { get; } = new(0x82F63B78, 32);

    /// <summary>CRC-64 as in NVM Express.</summary>
    public static Crc Crc64Nvme { get; } = new(0x9A6C9329AC4BC9B5, 64);

    /// <summary>Goes on with more data.</summary>
    /// <param name="crc">The CRC so far; 0 at the start.</param>
    /// <param name="data">More data.</param>
    /// <returns>The CRC of everything up to here.</returns>
    public ulong Append(ulong crc, ReadOnlySpan<byte> data)
    {
        ulong[] t0 = tables[0], t1 = tables[1], t2 = tables[2], t3 = tables[3];
        ulong[] t4 = tables[4], t5 = tables[5], t6 = tables[6], t7 = tables[7];
        crc ^= mask;
        while (data.Length >= 8)
        {
            ulong x = crc ^ BinaryPrimitives.ReadUInt64LittleEndian(data);
            crc = t7[(byte)x] ^ t6[(byte)(x >> 8)] ^ t5[(byte)(x >> 16)] ^ t4[(byte)(x >> 24)]
                ^ t3[(byte)(x >> 32)] ^ t2[(byte)(x >> 40)] ^ t1[(byte)(x >> 48)] ^ t0[(byte)(x >> 56)];
            data = data[8..];
        }

        foreach (byte b in data)
        {
            crc = (crc >> 8) ^ t0[(byte)(crc ^ b)];
        }

        return crc ^ mask;
    }

    /// <summary>The CRC of two pieces joined, from theirs.</summary>
    /// <param name="first">CRC of the first.</param>
    /// <param name="second">CRC of the second.</param>
    /// <param name="secondLength">Bytes of the second.</param>
    /// <returns>CRC of the whole.</returns>
    public ulong Combine(ulong first, ulong second, long secondLength)
    {
        // Appending n zero bytes multiplies by x^(8n) modulo the polynomial; in a reflected CRC, 1 is the top bit.
        ulong power = 1UL << (bits - 9), factor = 1UL << (bits - 1);
        for (long n = secondLength; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                factor = Multiply(factor, power);
            }

            power = Multiply(power, power);
        }

        return Multiply(first, factor) ^ second;
    }

    private ulong Multiply(ulong a, ulong b)
    {
        ulong product = 0;
        for (int i = bits - 1; i >= 0 && a != 0; i--)
        {
            if ((a >> i & 1) != 0)
            {
                product ^= b;
            }

            b = (b & 1) != 0 ? (b >> 1) ^ polynomial : b >> 1;
        }

        return product & mask;
    }
}
