using System.Text;
using CloudLab.Core.Containers.Engine;

namespace CloudLab.Core.Containers.Containers;

/// <summary>
/// Makes lines of output that comes in pieces: each of the two streams for itself, however a line or a character is divided. The engine
/// keeps a line of more than 16 KiB in several parts, which have no line end between them.
/// </summary>
internal sealed class LineSplitter
{
    // Output without a line end must not take all memory.
    private const int Longest = 8 << 20;

    private readonly Half output = new(), error = new();

    /// <summary>Takes a piece.</summary>
    /// <param name="frame">The piece.</param>
    /// <returns>The lines that end in it.</returns>
    public IEnumerable<string> Take(EngineFrame frame) => (frame.IsError ? error : output).Take(frame.Bytes);

    /// <summary>What is left at the end: last lines without a line end.</summary>
    /// <returns>Lines, and whether each is from standard error.</returns>
    public IEnumerable<(string Line, bool IsError)> Rest()
    {
        foreach ((Half half, bool isError) in new[] { (output, false), (error, true) })
        {
            if (half.Rest() is { } line)
            {
                yield return (line, isError);
            }
        }
    }

    private sealed class Half
    {
        private readonly MemoryStream pending = new();

        public IEnumerable<string> Take(ReadOnlyMemory<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                int end = bytes.Span.IndexOf((byte)'\n');
                if (end < 0)
                {
                    pending.Write(bytes.Span);
                    if (pending.Length > Longest)
                    {
                        yield return Rest()!;
                    }

                    yield break;
                }

                yield return Line(bytes.Span[..end]);
                bytes = bytes[(end + 1)..];
            }
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
