using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Compose;

/// <summary>A line that a service of a compose project wrote.</summary>
/// <param name="Project">Name of the project.</param>
/// <param name="Service">Name of the service.</param>
/// <param name="Container">Name of the container.</param>
/// <param name="Time">When the engine got it.</param>
/// <param name="Stream">stdout or stderr; a container with a terminal has only stdout.</param>
/// <param name="Text">The line, without its end.</param>
public sealed record LabComposeLogLine(string Project, string Service, string Container, DateTimeOffset Time, string Stream, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>Reads the logs of the services of a compose project.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Told of what compose says.</param>
public sealed class ComposeLog(LabSession session, IReporter reporter)
{
    private const int Ahead = 100;

    private readonly ComposeStore store = new(session, reporter);
    private readonly ContainerLog log = new(session);

    /// <summary>Reads the logs, in the order of time; as they come with <see cref="ContainerLogQuery.Follow"/>, those of containers that start meanwhile too.</summary>
    /// <param name="project">Name of the project.</param>
    /// <param name="services">Names of services; all if there are none.</param>
    /// <param name="query">Which lines.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines, those together that came together. Throws <see cref="LabException"/> where there is no such project or service.</returns>
    public async IAsyncEnumerable<IReadOnlyList<LabComposeLogLine>> ReadAsync(
        string project, IReadOnlyCollection<string> services, ContainerLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Asked for before the list is made, so that nothing starts unseen between the two.
        DateTimeOffset begun = DateTimeOffset.UtcNow;
        IReadOnlyList<LabContainer> found = await store.ContainersAsync(project, cancellation);
        if (found.Count == 0)
        {
            throw await store.NotFoundAsync(project, cancellation);
        }

        string? missing = services.FirstOrDefault(service => !found.Any(container => ComposeStore.ServiceOf(container) == service));
        if (missing is not null)
        {
            throw new LabException(
                LabErrorKind.NotFound, "ComposeServiceNotFound",
                $"The compose project '{project}' has no container of a service '{missing}'.{NearestNames.Say(missing, found.Select(ComposeStore.ServiceOf))}") { Target = missing };
        }

        LabContainer[] meant = [.. found.Where(Meant)];
        await foreach (IReadOnlyList<LabComposeLogLine> lines in query.Follow ? FollowAsync(project, meant, Meant, begun, query, cancellation) : MergeAsync(project, meant, query, cancellation))
        {
            yield return lines;
        }

        bool Meant(LabContainer container) => services.Count == 0 || services.Contains(ComposeStore.ServiceOf(container));
    }

    // Each log is in the order of time already: the earliest of their next lines is next.
    private async IAsyncEnumerable<IReadOnlyList<LabComposeLogLine>> MergeAsync(
        string project, LabContainer[] containers, ContainerLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<IAsyncEnumerator<LabComposeLogLine>> open = [];
        try
        {
            PriorityQueue<IAsyncEnumerator<LabComposeLogLine>, (DateTimeOffset, int)> next = new();
            foreach (LabContainer container in containers)
            {
                IAsyncEnumerator<LabComposeLogLine> lines = LinesAsync(project, container, query, cancellation).GetAsyncEnumerator(cancellation);
                open.Add(lines);
                if (await lines.MoveNextAsync())
                {
                    next.Enqueue(lines, (lines.Current.Time, open.Count));
                }
            }

            List<LabComposeLogLine> batch = [];
            while (next.TryDequeue(out IAsyncEnumerator<LabComposeLogLine>? first, out (DateTimeOffset, int Number) place))
            {
                batch.Add(first.Current);
                if (batch.Count >= Ahead)
                {
                    yield return batch;
                    batch = [];
                }

                if (await first.MoveNextAsync())
                {
                    next.Enqueue(first, (first.Current.Time, place.Number));
                }
            }

            if (batch.Count > 0)
            {
                yield return batch;
            }
        }
        finally
        {
            foreach (IAsyncEnumerator<LabComposeLogLine> each in open)
            {
                await each.DisposeAsync();
            }
        }
    }

    private async IAsyncEnumerable<LabComposeLogLine> LinesAsync(
        string project, LabContainer container, ContainerLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (IReadOnlyList<LabContainerLogLine> lines in log.ReadAsync(container.Id, query, cancellation))
        {
            foreach (LabContainerLogLine line in lines)
            {
                yield return Of(project, container, line);
            }
        }
    }

    private static LabComposeLogLine Of(string project, LabContainer container, LabContainerLogLine line) =>
        new(project, ComposeStore.ServiceOf(container), line.Container, line.Time, line.Stream, line.Text);

    private async IAsyncEnumerable<IReadOnlyList<LabComposeLogLine>> FollowAsync(
        string project, LabContainer[] containers, Func<LabContainer, bool> meant, DateTimeOffset begun, ContainerLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Channel<IReadOnlyList<LabComposeLogLine>> channel = Channel.CreateBounded<IReadOnlyList<LabComposeLogLine>>(Ahead);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task following = Task.Run(
            async () =>
            {
                try
                {
                    await FollowAllAsync(project, containers, meant, begun, query, channel.Writer, stop.Token);
                    channel.Writer.TryComplete();
                }
                catch (Exception e)
                {
                    channel.Writer.TryComplete(e);
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (IReadOnlyList<LabComposeLogLine> lines in channel.Reader.ReadAllAsync(cancellation))
            {
                yield return lines;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await following;
        }
    }

    // Ends when no container runs any longer, as compose's own does.
    private async Task FollowAllAsync(
        string project, LabContainer[] containers, Func<LabContainer, bool> meant, DateTimeOffset begun, ContainerLogQuery query,
        ChannelWriter<IReadOnlyList<LabComposeLogLine>> to, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        ConcurrentDictionary<string, DateTimeOffset> last = [];
        Dictionary<string, Task> followed = containers.ToDictionary(container => container.Id, container => OneAsync(container, query));
        await using IAsyncEnumerator<LabDockerEvent> events = new ContainerEvents(session)
            .WatchAsync(new ContainerEventQuery { Labels = [$"{ComposeStore.ProjectLabel}={project}"], Actions = ["start"], Since = begun }, stop.Token).GetAsyncEnumerator(stop.Token);
        Task<bool> next = events.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                Task all = Task.WhenAll(followed.Values);
                await Task.WhenAny(all, next);
                if (next.IsCompleted)
                {
                    if (!await next)
                    {
                        await all;
                        return;
                    }

                    LabDockerEvent started = events.Current;
                    LabContainer? container = (await store.ContainersAsync(project, cancellation)).FirstOrDefault(each => each.Id == started.Id && meant(each));
                    if (container is not null && (!followed.TryGetValue(container.Id, out Task? before) || before.IsCompleted))
                    {
                        // Of one that starts again, only what is new. The engine announces a start after the first lines.
                        followed[container.Id] = OneAsync(container, query with
                        {
                            Tail = null, Since = last.TryGetValue(container.Id, out DateTimeOffset seen) ? seen.AddTicks(1) : query.Since,
                        });
                    }

                    next = events.MoveNextAsync().AsTask();
                    continue;
                }

                await all;
                if ((await store.ContainersAsync(project, cancellation)).All(each => !meant(each) || each.State is not ("running" or "restarting" or "paused")))
                {
                    return;
                }

                // Something is about to start, or to say so.
                await ((Task)next.WaitAsync(TimeSpan.FromSeconds(1), cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            // The events were only wanted as long as the logs, and nobody takes lines any more; what went wrong is on its way already.
            await stop.CancelAsync();
            await Task.WhenAll([next, .. followed.Values]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task OneAsync(LabContainer container, ContainerLogQuery which)
        {
            try
            {
                await foreach (IReadOnlyList<LabContainerLogLine> lines in log.ReadAsync(container.Id, which, stop.Token))
                {
                    last[container.Id] = lines[^1].Time;
                    await to.WriteAsync([.. lines.Select(line => Of(project, container, line))], stop.Token);
                }
            }
            catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.NotSupported)
            {
                // Removed meanwhile, or without a log: the others go on.
                reporter.Warning(e.Message);
            }
        }
    }
}
