using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Containers;

/// <summary>A line that a container wrote.</summary>
/// <param name="Container">Name of the container.</param>
/// <param name="Time">When the engine got it.</param>
/// <param name="Stream">stdout or stderr; a container with a terminal has only stdout.</param>
/// <param name="Text">The line, without its end.</param>
public sealed record LabContainerLogLine(string Container, DateTimeOffset Time, string Stream, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Which lines of a log to read.</summary>
public sealed record ContainerLogQuery
{
    /// <summary>Waits for further lines until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Only so many of the last lines; null for all.</summary>
    public int? Tail { get; init; }

    /// <summary>Only lines from this time on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only lines up to this time.</summary>
    public DateTimeOffset? Until { get; init; }

    internal string ToQuery() =>
        "stdout=1&stderr=1&timestamps=1"
        + (Follow ? "&follow=1" : "")
        + (Tail is { } tail ? string.Create(CultureInfo.InvariantCulture, $"&tail={tail}") : "")
        + (Since is { } since ? "&since=" + Seconds(since) : "")
        + (Until is { } until ? "&until=" + Seconds(until) : "");

    internal static string Seconds(DateTimeOffset time)
    {
        long ticks = (time - DateTimeOffset.UnixEpoch).Ticks;
        return string.Create(CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * 100:000000000}");
    }
}

/// <summary>Reads the logs of containers.</summary>
/// <param name="session">Names the engine.</param>
public sealed class ContainerLog(LabSession session)
{
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    private readonly ContainerStore store = new(session);

    /// <summary>Reads a log.</summary>
    /// <param name="name">Name or id of the container.</param>
    /// <param name="query">Which lines.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines, those together that came together.</returns>
    public async IAsyncEnumerable<IReadOnlyList<LabContainerLogLine>> ReadAsync(
        string name, ContainerLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ContainerInspectResponse container = await store.InspectAsync(name, cancellation);
        string own = container.Name.TrimStart('/');
        EngineStream stream;
        try
        {
            stream = await store.Engine.OpenAsync(
                HttpMethod.Get, $"containers/{container.ID}/logs?{query.ToQuery()}", null, query.Follow ? Timeout.InfiniteTimeSpan : Silence, cancellation);
        }
        catch (LabException e) when (e.ServiceMessage?.Contains("does not support reading", StringComparison.Ordinal) == true)
        {
            throw new LabException(
                LabErrorKind.NotSupported, "ContainerLogUnreadable",
                $"The log driver '{container.HostConfig!.LogConfig?.Type}' of the container '{own}' keeps no log that can be read.", e) { Target = own };
        }

        await using (stream)
        {
            LogLines lines = new(own, container.Config!.Tty);
            EngineFrameReader frames = store.Engine.Frames(stream, $"the log of '{own}'", container.Config.Tty);
            List<LabContainerLogLine> batch = [];
            while (await frames.ReadAsync() is { } frame)
            {
                lines.Take(frame, batch);
                if (batch.Count > 0 && (!frames.HasMore || batch.Count >= 1000))
                {
                    yield return batch;
                    batch = [];
                }
            }

            lines.Rest(batch);
            if (batch.Count > 0)
            {
                yield return batch;
            }
        }
    }

    /// <summary>The last lines of a container as one text, for errors.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Lines; none where the log cannot be read.</returns>
    internal async Task<IReadOnlyList<LabContainerLogLine>> LastAsync(string id, int count, CancellationToken cancellation)
    {
        List<LabContainerLogLine> last = [];
        try
        {
            await foreach (IReadOnlyList<LabContainerLogLine> lines in ReadAsync(id, new ContainerLogQuery { Tail = count }, cancellation))
            {
                last.AddRange(lines);
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotSupported or LabErrorKind.NotFound)
        {
            // The lines are an addition to what is said anyway.
        }

        return last;
    }

    /// <summary>Makes lines of the pieces that the engine sends.</summary>
    private sealed class LogLines(string container, bool raw)
    {
        private readonly Half output = new("stdout"), error = new("stderr");

        public void Take(EngineFrame frame, List<LabContainerLogLine> lines) => (frame.IsError ? error : output).Take(frame, container, raw, lines);

        public void Rest(List<LabContainerLogLine> lines)
        {
            output.Rest(container, lines);
            error.Rest(container, lines);
        }
    }

    /// <summary>
    /// One stream. Each part of a line that the engine had to divide (it does so after 16 KiB) comes with the time again, in a frame of
    /// its own; of a terminal, whose output has no frames, the time stands after exactly as many bytes.
    /// </summary>
    private sealed class Half(string name)
    {
        private const int PartLength = 16 << 10;
        private const int LongestStamp = 40;

        private readonly MemoryStream pending = new();
        private readonly byte[] stamp = new byte[LongestStamp];
        private int stampLength, partLength;
        private bool stamping = true;
        private DateTimeOffset time;
        private bool begun;

        public void Take(EngineFrame frame, string container, bool raw, List<LabContainerLogLine> lines)
        {
            ReadOnlySpan<byte> bytes = frame.Bytes.Span;
            stamping |= frame.Begins;
            while (bytes.Length > 0)
            {
                if (stamping)
                {
                    bytes = TakeStamp(bytes);
                    continue;
                }

                int end = bytes.IndexOf((byte)'\n');
                int length = end < 0 ? bytes.Length : end;
                if (raw && partLength + length > PartLength)
                {
                    (end, length) = (-1, PartLength - partLength);
                }

                if (end < 0)
                {
                    pending.Write(bytes[..length]);
                    partLength += length;
                    bytes = bytes[length..];

                    // Another part follows directly, unless the line is just as long.
                    if (raw && partLength == PartLength && bytes is not [(byte)'\n', ..] and not [(byte)'\r', ..] and not [])
                    {
                        stamping = true;
                    }

                    continue;
                }

                lines.Add(new LabContainerLogLine(container, time, name, Text(bytes[..end])));
                bytes = bytes[(end + 1)..];
                (begun, stamping, partLength) = (false, true, 0);
            }
        }

        public void Rest(string container, List<LabContainerLogLine> lines)
        {
            if (pending.Length > 0)
            {
                lines.Add(new LabContainerLogLine(container, time, name, Text([])));
            }
        }

        private ReadOnlySpan<byte> TakeStamp(ReadOnlySpan<byte> bytes)
        {
            int space = bytes.IndexOf((byte)' ');
            int length = Math.Min(space < 0 ? bytes.Length : space, LongestStamp - stampLength);
            bytes[..length].CopyTo(stamp.AsSpan(stampLength));
            stampLength += length;
            if (space < 0 && stampLength < LongestStamp)
            {
                return [];
            }

            if (LogTime.TryParse(stamp.AsSpan(0, stampLength), out DateTimeOffset read, out _))
            {
                time = begun ? time : read;
                bytes = bytes[(length + 1)..];
            }
            else
            {
                // No time after all: it belongs to the text.
                pending.Write(stamp.AsSpan(0, stampLength));
                bytes = bytes[length..];
            }

            (stampLength, partLength, stamping, begun) = (0, 0, false, true);
            return bytes;
        }

        private string Text(ReadOnlySpan<byte> last)
        {
            if (pending.Length > 0)
            {
                pending.Write(last);
                last = pending.GetBuffer().AsSpan(0, (int)pending.Length);
                pending.SetLength(0);
            }

            return Encoding.UTF8.GetString(last is [.., (byte)'\r'] ? last[..^1] : last);
        }
    }
}
