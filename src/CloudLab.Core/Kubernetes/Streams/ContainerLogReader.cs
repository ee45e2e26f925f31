using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>
/// Reads the log of one container, whatever breaks on the way: it goes on where it was, without a line that is lost or told twice. Followed, it
/// goes on when the container starts again, and ends with the pod.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="pod">The pod.</param>
/// <param name="container">Name of the container.</param>
/// <param name="query">Which lines.</param>
internal sealed class ContainerLogReader(KubernetesApi api, JsonObject pod, string container, PodLogQuery query)
{
    private const int BufferSize = 128 << 10;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromMinutes(1);

    private readonly string name = pod.Name(), ns = pod.Namespace();
    private readonly string? uid = pod.Uid();
    private readonly LogPosition position = new();
    private readonly MemoryStream pending = new();
    private DateTimeOffset? opened;

    private enum State
    {
        Running,
        StartsAgain,
        Ended,
    }

    /// <summary>Reads the log.</summary>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines, those together that came together. Throws <see cref="LabException"/> where there is no log.</returns>
    public async IAsyncEnumerable<IReadOnlyList<LabPodLogLine>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        byte[] buffer = new byte[BufferSize];
        TimeSpan pause = TimeSpan.Zero;
        long quietSince = Environment.TickCount64;
        while (true)
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, cancellation);
            }

            HttpResponseMessage? answer = null;
            LabException? trouble = null;
            try
            {
                answer = await api.OpenAsync(Path(), cancellation);
            }
            catch (LabException e)
            {
                trouble = e;
            }

            bool whole = false;
            if (answer is not null)
            {
                using HttpResponseMessage open = answer;
                opened ??= open.Headers.Date ?? DateTimeOffset.UtcNow;
                position.Again();
                pending.SetLength(0);
                await using Stream stream = await open.Content.ReadAsStreamAsync(cancellation);
                while (!whole)
                {
                    int count;
                    try
                    {
                        count = await stream.ReadAsync(buffer, cancellation);
                    }
                    catch (Exception e) when (e is IOException or HttpRequestException)
                    {
                        RequestLog.Current.Verbose($"The log of {name}/{container} was interrupted ({e.Message}); resuming it");
                        break;
                    }

                    whole = count == 0;
                    List<LabPodLogLine> lines = Take(buffer.AsSpan(0, count));
                    if (lines.Count > 0)
                    {
                        (pause, quietSince) = (TimeSpan.Zero, Environment.TickCount64);
                        yield return lines;
                    }
                }
            }

            if (trouble is { Kind: LabErrorKind.NotFound } && opened is not null && query.Follow)
            {
                yield break;
            }

            bool passes = trouble is null
                || ((opened is not null || query.Follow) && (ResourceStore.Passes(trouble) || (opened is not null && trouble.StatusCode == 400)));

            // Who follows has all the time; who only reads has a server that does not come back.
            if (!passes || (!whole && !query.Follow && Environment.TickCount64 - quietSince > Patience.TotalMilliseconds))
            {
                throw trouble ?? new LabException(
                    LabErrorKind.ServiceFailed, "PodLogBroken", $"The log of the container '{container}' of the pod '{name}' broke off again and again: try again, or check the node.") { Target = $"{name}/{container}" };
            }

            if (whole && !query.Follow)
            {
                if (Rest() is { } last)
                {
                    yield return [last];
                }

                yield break;
            }

            if (trouble is null or { StatusCode: 400 } && query.Follow)
            {
                // A log that ends in good order may only have lost the node behind the API server.
                State state = await StateAsync(cancellation);
                if (state == State.Ended && (whole || trouble is not null))
                {
                    if (Rest() is { } last)
                    {
                        yield return [last];
                    }

                    yield break;
                }
            }

            pause = pause == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private string Path()
    {
        StringBuilder path = new(PodFinder.Pods.Path(ns, name));
        path.Append("/log?timestamps=true&container=").Append(Uri.EscapeDataString(container));
        path.Append(query.Follow ? "&follow=true" : "").Append(query.Previous ? "&previous=true" : "");
        if (position.Since is { } since)
        {
            path.Append("&sinceTime=").Append(Uri.EscapeDataString(since));
        }
        else if (opened is { } before && query.Tail is not null)
        {
            // The last lines are counted once; what came since belongs to it.
            path.Append("&sinceTime=").Append(Uri.EscapeDataString(Text(before)));
        }
        else
        {
            path.Append(query.Tail is { } tail ? string.Create(CultureInfo.InvariantCulture, $"&tailLines={tail}") : "");
            path.Append(query.Since is { } from ? "&sinceTime=" + Uri.EscapeDataString(Text(from)) : "");
        }

        return path.ToString();
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private List<LabPodLogLine> Take(ReadOnlySpan<byte> bytes)
    {
        List<LabPodLogLine> lines = [];
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
        {
            ReadOnlySpan<byte> line = bytes[..end];
            if (pending.Length > 0)
            {
                pending.Write(line);
                line = pending.GetBuffer().AsSpan(0, (int)pending.Length);
            }

            if (Line(line) is { } read)
            {
                lines.Add(read);
            }

            pending.SetLength(0);
        }

        pending.Write(bytes);
        return lines;
    }

    // A last line without an end.
    private LabPodLogLine? Rest()
    {
        LabPodLogLine? line = pending.Length > 0 ? Line(pending.GetBuffer().AsSpan(0, (int)pending.Length)) : null;
        pending.SetLength(0);
        return line;
    }

    private LabPodLogLine? Line(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> text = space < 0 ? [] : line[(space + 1)..];
        if (!LogTime.TryParse(space < 0 ? line : line[..space], out DateTimeOffset time, out long nanoseconds))
        {
            // What the node itself has to say about a log comes without a time.
            return new LabPodLogLine(name, container, DateTimeOffset.UtcNow, Encoding.UTF8.GetString(line), ns);
        }

        // The query of a node knows whole seconds only.
        return !position.IsNew(nanoseconds, text) || time < query.Since ? null
            : new LabPodLogLine(name, container, time, Encoding.UTF8.GetString(text is [.., (byte)'\r'] ? text[..^1] : text), ns);
    }

    private async Task<State> StateAsync(CancellationToken cancellation)
    {
        JsonObject now;
        try
        {
            now = await api.GetAsync(PodFinder.Pods.Path(ns, name), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return State.Ended;
        }
        catch (LabException e) when (ResourceStore.Passes(e))
        {
            return State.Running;
        }

        if (now.Uid() != uid || now.Phase() is "Succeeded" or "Failed")
        {
            return State.Ended;
        }

        JsonObject? state = PodFinder.StatusOf(now, container)?.Object("state");
        if (state?.Object("terminated") is not { } ended)
        {
            return state?.Object("running") is null ? State.StartsAgain : State.Running;
        }

        bool again = !now.IsLeaving() && PodLog.StartsAgain(now, container, ended);
        return again ? State.StartsAgain : State.Ended;
    }
}
