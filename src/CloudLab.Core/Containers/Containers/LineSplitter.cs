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

    /// <summary>Reads output to its end.</summary>
    /// <param name="frames">The pieces.</param>
    /// <param name="onOutput">Takes the lines as they come, and whether each is from standard error.</param>
    /// <returns>Done when all are read.</returns>
    public static async Task ReadAsync(EngineFrameReader frames, Func<string, bool, ValueTask> onOutput)
    {
        LineSplitter lines = new();
        while (await frames.ReadAsync() is { } frame)
        {
            foreach (string line in (frame.IsError ? lines.error : lines.output).Take(frame.Bytes))
            {
                await onOutput(line, frame.IsError);
            }
        }

        // Last lines without a line end.
        foreach ((Half half, bool isError) in new[] { (lines.output, false), (lines.error, true) })
        {
            if (half.Rest() is { } line)
            {
                await onOutput(line, isError);
            }
        }
    }

    /// <summary>Reads one stream of output to its end.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="onLine">Takes the lines as they come.</param>
    /// <returns>Done when all are read.</returns>
    public static async Task ReadAsync(Stream stream, Func<string, ValueTask> onLine)
    {
        Half half = new();
        byte[] buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer) is > 0 and int count)
        {
            foreach (string line in half.Take(buffer.AsMemory(0, count)))
            {
                await onLine(line);
            }
        }

        if (half.Rest() is { } rest)
        {
            await onLine(rest);
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
