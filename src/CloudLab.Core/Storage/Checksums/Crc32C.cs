using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics.X86;
using ArmCrc32 = System.Runtime.Intrinsics.Arm.Crc32;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>CRC-32C (Castagnoli), which many processors have an instruction for.</summary>
internal static class Crc32C
{
    /// <summary>The arithmetic modulo its polynomial.</summary>
    internal static readonly CrcPolynomial<uint> Polynomial = new(0x82F63B78);

    /// <summary>Goes on with a checksum.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    /// <remarks>Folding is four times as fast as the instruction, which small ARM boards have without the means to fold.</remarks>
    public static uint Append(uint crc, ReadOnlySpan<byte> data) =>
        !CrcPolynomial<uint>.CanFold && (Sse42.IsSupported || ArmCrc32.IsSupported)
            ? AppendByInstruction(crc, data)
            : Polynomial.Append(crc, data);

    /// <summary>The checksum of two pieces one after the other, from the checksums of each.</summary>
    /// <param name="first">Checksum of the first piece.</param>
    /// <param name="second">Checksum of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The checksum of both.</returns>
    public static uint Combine(uint first, uint second, long secondLength) => Polynomial.Combine(first, second, secondLength);

    /// <summary>Goes on with a checksum by the processor's own instruction for it.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    internal static uint AppendByInstruction(uint crc, ReadOnlySpan<byte> data)
    {
        uint c = ~crc;
        for (; data.Length >= 8; data = data[8..])
        {
            c = BitOperations.Crc32C(c, BinaryPrimitives.ReadUInt64LittleEndian(data));
        }

        foreach (byte b in data)
        {
            c = BitOperations.Crc32C(c, b);
        }

        return ~c;
    }
}
