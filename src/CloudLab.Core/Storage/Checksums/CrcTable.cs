using System.Numerics;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>The tables by which a reflected CRC takes eight bytes a step ("slicing by 8").</summary>
internal static class CrcTable
{
    /// <summary>Makes the tables.</summary>
    /// <typeparam name="T">Unsigned integer of the checksum's width.</typeparam>
    /// <param name="polynomial">The polynomial, bit-reflected.</param>
    /// <returns>Eight tables of 256 entries, one behind the other.</returns>
    public static T[] Make<T>(T polynomial)
        where T : IBinaryInteger<T>, IUnsignedNumber<T>
    {
        T[] table = new T[8 * 256];
        for (int i = 0; i < 256; i++)
        {
            T c = T.CreateTruncating(i);
            for (int bit = 0; bit < 8; bit++)
            {
                c = T.IsOddInteger(c) ? (c >> 1) ^ polynomial : c >> 1;
            }

            table[i] = c;
        }

        for (int i = 256; i < table.Length; i++)
        {
            table[i] = (table[i - 256] >> 8) ^ table[byte.CreateTruncating(table[i - 256])];
        }

        return table;
    }
}
