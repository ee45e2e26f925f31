using System.Buffers.Binary;
using CloudLab.Core.Common.Commands;

namespace CloudLab.Core.Containers.Engine;

/// <summary>A piece of a container's output. A frame may come in several pieces.</summary>
/// <param name="IsError">Whether it is from standard error.</param>
/// <param name="Begins">Whether it is the first piece of a frame.</param>
/// <param name="Bytes">The bytes, which stay valid until the next piece is read.</param>
internal readonly record struct EngineFrame(bool IsError, bool Begins, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Takes output apart that the engine sends in frames: one byte for the stream, three of nothing, four for the length. A container with a
/// terminal has only one stream, and its bytes come as they are.
/// </summary>
/// <param name="stream">The engine's answer.</param>
/// <param name="raw">Whether the bytes come as they are.</param>
/// <param name="broken">Gives the error for an answer that ends within a frame, or is no frame.</param>
internal sealed class EngineFrameReader(EngineStream stream, bool raw, Func<string, Exception> broken)
{
    private const int HeaderLength = 8;

    private readonly byte[] buffer = new byte[64 << 10];
    private int start, end;
    private long left;
    private bool isError, begins;

    /// <summary>Whether more is here already, so that reading it takes no time.</summary>
    public bool HasMore => end - start > HeaderLength;

    /// <summary>Reads the next piece, for lines that are made of it.</summary>
    /// <returns>The piece, or null at the end.</returns>
    public async ValueTask<OutputPiece?> PieceAsync() => await ReadAsync() is { } frame ? new OutputPiece(frame.IsError, frame.Bytes) : null;

    /// <summary>Reads the next piece.</summary>
    /// <returns>The piece, or null at the end.</returns>
    public async ValueTask<EngineFrame?> ReadAsync()
    {
        if (raw)
        {
            int count = await stream.ReadAsync(buffer);
            return count > 0 ? new EngineFrame(false, false, buffer.AsMemory(0, count)) : null;
        }

        while (left == 0)
        {
            if (!await FillAsync(HeaderLength))
            {
                return null;
            }

            ReadOnlySpan<byte> header = buffer.AsSpan(start, HeaderLength);
            if (header[0] > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0)
            {
                throw broken("it is not in frames");
            }

            // 3 is what the engine itself reports while it sends: why a log cannot be read on.
            isError = header[0] == 2;
            begins = true;
            left = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
            bool own = header[0] == 3;
            start += HeaderLength;
            if (own)
            {
                throw broken(await OwnWordsAsync());
            }
        }

        if (start == end && !await FillAsync(1))
        {
            throw broken("it ends within a frame");
        }

        int piece = (int)Math.Min(left, end - start);
        EngineFrame frame = new(isError, begins, buffer.AsMemory(start, piece));
        begins = false;
        start += piece;
        left -= piece;
        return frame;
    }

    private async ValueTask<string> OwnWordsAsync()
    {
        int length = (int)Math.Min(left, 4096);
        await FillAsync(length);
        return System.Text.Encoding.UTF8.GetString(buffer.AsSpan(start, length)).Trim();
    }

    // False at the end of the answer, before the first byte.
    private async ValueTask<bool> FillAsync(int wanted)
    {
        if (end - start < wanted && buffer.Length - start < wanted)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        else if (start == end)
        {
            start = end = 0;
        }

        while (end - start < wanted)
        {
            int count = await stream.ReadAsync(buffer.AsMemory(end));
            if (count == 0)
            {
                return end > start ? throw broken("it ends within a frame") : false;
            }

            end += count;
        }

        return true;
    }
}
