using System.Text;

namespace CloudLab.Core.Common.Commands;

/// <summary>A piece of the output of a program.</summary>
/// <param name="IsError">Whether it is from standard error.</param>
/// <param name="Bytes">The bytes, which stay valid until the next piece is read.</param>
internal readonly record struct OutputPiece(bool IsError, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// Makes lines of output that comes in pieces: each of the two streams for itself, however a line or a character is divided. The Docker Engine
/// keeps a line of more than 16 KiB in several parts, which have no line end between them.
/// </summary>
internal sealed class LineSplitter
{
    // Output without a line end must not take all memory.
    private const int Longest = 8 << 20;

    private readonly Half output = new(), error = new();

    /// <summary>Reads output to its end.</summary>
    /// <param name="next">Gives the next piece; null at the end.</param>
    /// <param name="onOutput">Takes the lines that came together, and whether they are from standard error.</param>
    /// <returns>Done when all are read.</returns>
    public static async Task ReadAsync(Func<ValueTask<OutputPiece?>> next, Func<IReadOnlyList<string>, bool, ValueTask> onOutput)
    {
        LineSplitter lines = new();
        while (await next() is { } piece)
        {
            List<string> whole = (piece.IsError ? lines.error : lines.output).Take(piece.Bytes.Span);
            if (whole.Count > 0)
            {
                await onOutput(whole, piece.IsError);
            }
        }

        // Last lines without a line end.
        foreach ((Half half, bool isError) in new[] { (lines.output, false), (lines.error, true) })
        {
            if (half.Rest() is { } line)
            {
                await onOutput([line], isError);
            }
        }
    }

    /// <summary>Reads one stream of output to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="onOutput">Takes the lines that came together.</param>
    /// <returns>Done when all are read.</returns>
    public static async Task ReadAsync(Stream stream, Func<IReadOnlyList<string>, ValueTask> onOutput)
    {
        Half half = new();
        byte[] buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer) is > 0 and int count)
        {
            List<string> whole = half.Take(buffer.AsSpan(0, count));
            if (whole.Count > 0)
            {
                await onOutput(whole);
            }
        }

        if (half.Rest() is { } rest)
        {
            await onOutput([rest]);
        }
    }

    private sealed class Half
    {
        private readonly MemoryStream pending = new();

        public List<string> Take(ReadOnlySpan<byte> bytes)
        {
            List<string> lines = [];
            for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
            {
                lines.Add(Line(bytes[..end]));
            }

            pending.Write(bytes);
            if (pending.Length > Longest)
            {
                lines.Add(Rest()!);
            }

            return lines;
        }

        public string? Rest() => pending.Length > 0 ? Line([]) : null;

        private string Line(ReadOnlySpan<byte> last)
        {
            if (pending.Length == 0)
            {
                return Text(last);
            }

            pending.Write(last);
            string line = Text(pending.GetBuffer().AsSpan(0, (int)pending.Length));
            pending.SetLength(0);
            if (pending.Capacity > 1 << 20)
            {
                pending.Capacity = 0;
            }

            return line;
        }

        private static string Text(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line is [.., (byte)'\r'] ? line[..^1] : line);
    }
}
