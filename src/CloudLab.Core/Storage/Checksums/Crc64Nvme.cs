namespace CloudLab.Core.Storage.Checksums;

/// <summary>CRC-64/NVME, the checksum that Amazon S3 computes itself for objects sent without one.</summary>
internal static class Crc64Nvme
{
    /// <summary>The arithmetic modulo its polynomial.</summary>
    internal static readonly CrcPolynomial<ulong> Polynomial = new(0x9A6C9329AC4BC9B5);

    /// <summary>Goes on with a checksum.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public static ulong Append(ulong crc, ReadOnlySpan<byte> data) => Polynomial.Append(crc, data);

    /// <summary>The checksum of two pieces one after the other, from the checksums of each.</summary>
    /// <param name="first">Checksum of the first piece.</param>
    /// <param name="second">Checksum of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The checksum of both.</returns>
    public static ulong Combine(ulong first, ulong second, long secondLength) => Polynomial.Combine(first, second, secondLength);
}
