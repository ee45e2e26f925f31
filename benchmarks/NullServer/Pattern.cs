using System.Buffers.Binary;
using System.Collections.Concurrent;
using CloudLab.Core.Storage.Checksums;

namespace CloudLab.NullServer;

/// <summary>The content of every object: one mebibyte of noise, over and over.</summary>
internal static class Pattern
{
    private static readonly byte[] Block = MakeBlock();
    private static readonly ConcurrentDictionary<long, string> Checksums = new();

    /// <summary>Sends a piece of an object.</summary>
    /// <param name="connection">To whom.</param>
    /// <param name="from">Position of the first byte.</param>
    /// <param name="length">Number of bytes.</param>
    public static void Send(Connection connection, long from, long length)
    {
        while (length > 0)
        {
            int offset = (int)(from % Block.Length), count = (int)Math.Min(Block.Length - offset, length);
            connection.Send(Block.AsSpan(offset, count));
            from += count;
            length -= count;
        }
    }

    /// <summary>The CRC-32 of an object, as S3 writes it.</summary>
    /// <param name="size">Its size.</param>
    /// <returns>Base64.</returns>
    public static string Checksum(long size) => Checksums.GetOrAdd(size, static size =>
    {
        uint crc = 0;
        for (long left = size; left > 0; left -= Block.Length)
        {
            crc = Crc32.Append(crc, Block.AsSpan(0, (int)Math.Min(Block.Length, left)));
        }

        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, crc);
        return Convert.ToBase64String(bytes);
    });

    private static byte[] MakeBlock()
    {
        byte[] block = new byte[1024 * 1024];
        new Random(1).NextBytes(block);
        return block;
    }
}
