namespace CloudLab.Core.Storage.Checksums;

/// <summary>CRC-32 (IEEE 802.3, as in zlib), the checksum that S3 keeps for what is sent here.</summary>
internal static class Crc32
{
    /// <summary>The arithmetic modulo its polynomial.</summary>
    internal static readonly CrcPolynomial<uint> Polynomial = new(0xEDB88320);

    /// <summary>Goes on with a checksum.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public static uint Append(uint crc, ReadOnlySpan<byte> data) => Polynomial.Append(crc, data);

    /// <summary>The checksum of two pieces one after the other, from the checksums of each.</summary>
    /// <param name="first">Checksum of the first piece.</param>
    /// <param name="second">Checksum of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The checksum of both.</returns>
    public static uint Combine(uint first, uint second, long secondLength) => Polynomial.Combine(first, second, secondLength);
}
