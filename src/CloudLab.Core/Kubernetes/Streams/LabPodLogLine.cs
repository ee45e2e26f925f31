using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A line that a container of a pod wrote.</summary>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Time">When the node got it.</param>
/// <param name="Text">The line, without its end.</param>
/// <param name="Namespace">Namespace of the pod.</param>
public sealed record LabPodLogLine(string Pod, string Container, DateTimeOffset Time, string Text, string Namespace)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Which lines of logs to read.</summary>
public sealed record PodLogQuery
{
    /// <summary>Waits for further lines, of containers that start again and of pods that join, too.</summary>
    public bool Follow { get; init; }

    /// <summary>The log of the container that ran before the present one.</summary>
    public bool Previous { get; init; }

    /// <summary>Only so many of the last lines of each container; null for all.</summary>
    public int? Tail { get; init; }

    /// <summary>Only lines from this time on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Names of containers; null for the one that is meant where none is named.</summary>
    public Func<string, bool>? IsContainer { get; init; }

    /// <summary>The containers as the user named them, for errors.</summary>
    public string? Containers { get; init; }
}

/// <summary>What comes of reading logs: lines, or what went wrong with one container.</summary>
/// <param name="Lines">Lines that came together.</param>
/// <param name="Problem">What went wrong; null for lines.</param>
public readonly record struct PodLogOutcome(IReadOnlyList<LabPodLogLine> Lines, LabException? Problem);

/// <summary>
/// How far a log was told. A node is asked again for whole seconds only, so what it repeats is known by time and content; of a log
/// that was rotated meanwhile it repeats less, or nothing.
/// </summary>
internal sealed class LogPosition
{
    private const long Second = 1_000_000_000;

    private readonly Queue<(long Time, int Content)> told = [];
    private (long Time, int Content)[] expected = [];
    private long latest = long.MinValue;
    private int at;

    /// <summary>Where to ask again from; null where nothing was told yet.</summary>
    public string? Since => latest == long.MinValue ? null
        : DateTimeOffset.FromUnixTimeSeconds((latest / Second) - 1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The log begins again, from <see cref="Since"/> on.</summary>
    public void Again() => (expected, at) = (latest == long.MinValue ? [] : [.. told.Where(line => line.Time >= From)], 0);

    /// <summary>Takes a line.</summary>
    /// <param name="nanoseconds">Its time.</param>
    /// <param name="content">The rest of it.</param>
    /// <returns>True where it is new; false for one that was told before.</returns>
    public bool IsNew(long nanoseconds, ReadOnlySpan<byte> content)
    {
        HashCode hash = default;
        hash.AddBytes(content);
        (long Time, int Content) line = (nanoseconds, hash.ToHashCode());
        if (at < expected.Length)
        {
            int found = Array.IndexOf(expected, line, at);
            if (found >= 0)
            {
                at = found + 1;
                return false;
            }

            if (at == 0 && nanoseconds <= expected[0].Time)
            {
                // The rest of a line whose beginning lies further back.
                return false;
            }

            // In the log, what is new comes after all that was told.
            at = expected.Length;
        }

        told.Enqueue(line);
        latest = Math.Max(latest, nanoseconds);
        while (told.TryPeek(out (long Time, int Content) first) && first.Time < From)
        {
            told.Dequeue();
        }

        return true;
    }

    private long From => ((latest / Second) - 1) * Second;
}
