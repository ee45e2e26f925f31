using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>The arithmetic of a reflected CRC that begins with all ones and ends inverted: polynomials over GF(2), modulo one of them.</summary>
/// <typeparam name="T">Unsigned integer of the checksum's width; its highest bit is x^0.</typeparam>
internal sealed class CrcPolynomial<T>
    where T : IBinaryInteger<T>, IUnsignedNumber<T>
{
    private const int BlockSize = 16, StrideSize = 4 * BlockSize;

    private readonly T polynomial;
    private readonly T one;

    // Eight tables of 256 entries, one behind the other: table k takes a byte that has k more bytes behind it.
    private readonly T[] table = new T[8 * 256];

    // x^(8 * 2^k): what 2^k zero bytes multiply by.
    private readonly T[] zeroBytes = new T[63];
    private readonly Vector128<ulong> overBlock;
    private readonly Vector128<ulong> overStride;

    /// <summary>Makes the tables and constants.</summary>
    /// <param name="polynomial">The polynomial without its highest term, bit-reflected.</param>
    public CrcPolynomial(T polynomial)
    {
        this.polynomial = polynomial;
        one = T.RotateRight(T.One, 1);
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = i < 256
                ? TimesX(T.CreateTruncating(i), 8)
                : (table[i - 256] >>> 8) ^ table[byte.CreateTruncating(table[i - 256])];
        }

        zeroBytes[0] = TimesX(one, 8);
        for (int k = 1; k < zeroBytes.Length; k++)
        {
            zeroBytes[k] = Multiply(zeroBytes[k - 1], zeroBytes[k - 1]);
        }

        overBlock = FoldOver(8 * BlockSize);
        overStride = FoldOver(8 * StrideSize);
    }

    /// <summary>Whether the processor multiplies without carry.</summary>
    public static bool CanFold { get; } = (Pclmulqdq.IsSupported || ArmAes.IsSupported) && BitConverter.IsLittleEndian;

    /// <summary>Goes on with a checksum, as fast as the processor allows.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public T Append(T crc, ReadOnlySpan<byte> data)
    {
        T remainder = ~crc;
        if (CanFold && data.Length >= StrideSize)
        {
            remainder = Fold(remainder, data, out int taken);
            data = data[taken..];
        }

        return ~Divide(remainder, data);
    }

    /// <summary>Goes on with a checksum without any special instruction.</summary>
    /// <param name="crc">Checksum so far; 0 to begin.</param>
    /// <param name="data">The next bytes.</param>
    /// <returns>The checksum of all.</returns>
    public T AppendByTable(T crc, ReadOnlySpan<byte> data) => ~Divide(~crc, data);

    /// <summary>The checksum of two pieces one after the other, from the checksums of each.</summary>
    /// <param name="first">Checksum of the first piece.</param>
    /// <param name="second">Checksum of the second piece.</param>
    /// <param name="secondLength">Length of the second piece in bytes.</param>
    /// <returns>The checksum of both.</returns>
    public T Combine(T first, T second, long secondLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(secondLength);

        // One multiplication for each bit of the length: parts of a power of two take one.
        for (long n = secondLength; n != 0; n &= n - 1)
        {
            first = Multiply(first, zeroBytes[BitOperations.TrailingZeroCount(n)]);
        }

        return first ^ second;
    }

    private static Vector128<ulong> FoldInto(Vector128<ulong> next, Vector128<ulong> block, Vector128<ulong> over) =>
        Pclmulqdq.IsSupported
            ? Pclmulqdq.CarrylessMultiply(block, over, 0x00) ^ Pclmulqdq.CarrylessMultiply(block, over, 0x11) ^ next
            : ArmAes.PolynomialMultiplyWideningLower(block.GetLower(), over.GetLower())
                ^ ArmAes.PolynomialMultiplyWideningUpper(block, over) ^ next;

    // "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Gopal and others, Intel, 2009): what came so far
    // is multiplied, modulo the polynomial but not reduced to its width, to where the bytes that follow are, and added to them.
    // Four blocks at once keep the multiplier busy while each waits for its product. The paper's last reduction is left to the
    // tables: it is sixteen bytes, whatever the length.
    private T Fold(T remainder, ReadOnlySpan<byte> data, out int taken)
    {
        Vector128<ulong> stride = overStride;
        ReadOnlySpan<Vector128<ulong>> blocks = MemoryMarshal.Cast<byte, Vector128<ulong>>(data);
        taken = blocks.Length * BlockSize;
        Vector128<ulong> a = blocks[0] ^ Vector128.CreateScalar(ulong.CreateTruncating(remainder));
        Vector128<ulong> b = blocks[1], c = blocks[2], d = blocks[3];
        for (blocks = blocks[4..]; blocks.Length >= 4; blocks = blocks[4..])
        {
            a = FoldInto(blocks[0], a, stride);
            b = FoldInto(blocks[1], b, stride);
            c = FoldInto(blocks[2], c, stride);
            d = FoldInto(blocks[3], d, stride);
        }

        a = FoldInto(d, FoldInto(c, FoldInto(b, a, overBlock), overBlock), overBlock);
        foreach (Vector128<ulong> block in blocks)
        {
            a = FoldInto(block, a, overBlock);
        }

        Span<byte> last = stackalloc byte[BlockSize];
        a.AsByte().CopyTo(last);
        return Divide(T.Zero, last);
    }

    // Eight bytes a step, one table for each ("slicing by 8").
    private T Divide(T remainder, ReadOnlySpan<byte> data)
    {
        T[] t = table;
        for (; data.Length >= 8; data = data[8..])
        {
            ulong next = BinaryPrimitives.ReadUInt64LittleEndian(data) ^ ulong.CreateTruncating(remainder);
            remainder = t[0x700 + (int)(next & 0xFF)] ^ t[0x600 + (int)((next >> 8) & 0xFF)]
                ^ t[0x500 + (int)((next >> 16) & 0xFF)] ^ t[0x400 + (int)((next >> 24) & 0xFF)]
                ^ t[0x300 + (int)((next >> 32) & 0xFF)] ^ t[0x200 + (int)((next >> 40) & 0xFF)]
                ^ t[0x100 + (int)((next >> 48) & 0xFF)] ^ t[(int)(next >> 56)];
        }

        foreach (byte b in data)
        {
            remainder = (remainder >>> 8) ^ t[(byte)(byte.CreateTruncating(remainder) ^ b)];
        }

        return remainder;
    }

    // A block's first eight bytes are the higher half of its polynomial. The product of two reflected words of 64 bits lacks
    // a factor of x in 128 bits, which is why the powers are one less than the distance.
    private Vector128<ulong> FoldOver(int bits) =>
        Vector128.Create(ToWord(TimesX(one, bits + 64 - 1)), ToWord(TimesX(one, bits - 1)));

    private ulong ToWord(T value) => ulong.CreateTruncating(value) << (64 - one.GetShortestBitLength());

    // Masks instead of branches, which would be foretold wrongly half of the time.
    private T TimesX(T value, int times)
    {
        for (int i = 0; i < times; i++)
        {
            value = (value >>> 1) ^ (polynomial & (T.Zero - (value & T.One)));
        }

        return value;
    }

    private T Multiply(T a, T b)
    {
        T product = T.Zero;
        for (int bit = one.GetShortestBitLength() - 1; bit >= 0; bit--)
        {
            product ^= b & (T.Zero - ((a >>> bit) & T.One));
            b = TimesX(b, 1);
        }

        return product;
    }
}
