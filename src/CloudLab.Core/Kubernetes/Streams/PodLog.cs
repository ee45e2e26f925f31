using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>Reads the logs of pods, as many at once as there are.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Hears what is chosen.</param>
internal sealed class PodLog(KubernetesApi api, IReporter reporter)
{
    // Without -Follow, so many logs are read ahead of the one that is being written.
    private const int ReadAhead = 8, BatchesAhead = 64;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly PodFinder finder = new(api);
    private readonly HashSet<string> explained = [];

    /// <summary>Reads logs to their end, one after the other.</summary>
    /// <param name="selection">Which pods.</param>
    /// <param name="query">Which lines.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines, and what went wrong with single containers.</returns>
    public async IAsyncEnumerable<PodLogOutcome> ReadAsync(PodSelection selection, PodLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        IReadOnlyList<JsonObject> pods = await finder.ListAsync(selection, cancellation);
        if (pods.Count == 0)
        {
            reporter.Warning($"'{selection.Target}' has no pods{(selection.Namespace is null ? "" : $" in namespace {selection.Namespace}")}.");
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using SemaphoreSlim room = new(ReadAhead);
        List<Channel<PodLogOutcome>> logs = [];
        List<Task> reading = [];
        foreach (JsonObject pod in pods)
        {
            IReadOnlyList<string> containers = Containers(pod, query);
            if (containers.Count == 0 && query.Containers is not null && selection.PodName is not null)
            {
                throw PodFinder.NoContainer(pod, query.Containers);
            }

            foreach (string container in containers)
            {
                Channel<PodLogOutcome> log = Channel.CreateBounded<PodLogOutcome>(BatchesAhead);
                logs.Add(log);
                reading.Add(Task.Run(async () =>
                {
                    await room.WaitAsync(end.Token);
                    try
                    {
                        await ReadAsync(new ContainerLogReader(api, pod, container, query), pod, container, log.Writer, end.Token);
                    }
                    finally
                    {
                        room.Release();
                        log.Writer.TryComplete();
                    }
                }, CancellationToken.None));
            }
        }

        bool any = pods.Count == 0 || query.Tail == 0;
        try
        {
            foreach (Channel<PodLogOutcome> log in logs)
            {
                await foreach (PodLogOutcome outcome in log.Reader.ReadAllAsync(cancellation))
                {
                    any = true;
                    yield return outcome;
                }
            }

            await Task.WhenAll(reading);
            if (!any)
            {
                reporter.Verbose($"'{selection.Target}' has written no lines{(query.Since is null ? " yet" : " in that time")} ({logs.Count} containers of {pods.Count} pods); -Follow waits for them.");
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(reading).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>
    /// Follows logs, of pods that join later, too. Ends with the pod where one is named, with a Job, and with the last pod of a workload that is removed; of a
    /// selector never.
    /// </summary>
    /// <param name="selection">Which pods.</param>
    /// <param name="query">Which lines.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <returns>Lines as they come, and what went wrong with single containers.</returns>
    public async IAsyncEnumerable<PodLogOutcome> FollowAsync(PodSelection selection, PodLogQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (selection.PodName is not null)
        {
            // One that is not there is an error, not one to wait for.
            IReadOnlyList<JsonObject> pods = await finder.ListAsync(selection, cancellation);
            if (Containers(pods[0], query).Count == 0 && query.Containers is not null)
            {
                throw PodFinder.NoContainer(pods[0], query.Containers);
            }
        }

        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<PodLogOutcome> lines = Channel.CreateBounded<PodLogOutcome>(BatchesAhead);
        Task following = Task.Run(async () =>
        {
            Exception? failure = null;
            try
            {
                await WatchAsync(selection, query, lines.Writer, end.Token);
            }
            catch (Exception e)
            {
                failure = e;
            }

            lines.Writer.TryComplete(failure);
        }, CancellationToken.None);
        try
        {
            await foreach (PodLogOutcome outcome in lines.Reader.ReadAllAsync(cancellation))
            {
                yield return outcome;
            }
        }
        finally
        {
            await end.CancelAsync();
            await following;
        }
    }

    /// <summary>Whether a container that has ended is started again.</summary>
    /// <param name="pod">Its pod.</param>
    /// <param name="container">Its name.</param>
    /// <param name="ended">How it ended.</param>
    /// <returns>True if so.</returns>
    internal static bool StartsAgain(JsonObject pod, string container, JsonObject ended)
    {
        (JsonObject Container, string StatusField) found = PodFinder.Containers(pod).FirstOrDefault(c => c.Container.Text("name") == container);
        bool failed = ended.Number("exitCode") is not (null or 0);
        string policy = pod.Object("spec")?.Text("restartPolicy") ?? "Always";
        return found.StatusField switch
        {
            "containerStatuses" => (found.Container.Text("restartPolicy") ?? policy) == "Always" || (policy == "OnFailure" && failed),
            "initContainerStatuses" => found.Container.Text("restartPolicy") == "Always" || (policy != "Never" && failed),
            _ => false,
        };
    }

    private static async Task ReadAsync(ContainerLogReader reader, JsonObject pod, string container, ChannelWriter<PodLogOutcome> output, CancellationToken cancellation)
    {
        try
        {
            await foreach (IReadOnlyList<LabPodLogLine> lines in reader.ReadAsync(cancellation))
            {
                await output.WriteAsync(new PodLogOutcome(lines, null), cancellation);
            }
        }
        catch (LabException e)
        {
            await output.WriteAsync(new PodLogOutcome([], Explained(e, pod, container)), cancellation);
        }
    }

    private static LabException Explained(LabException e, JsonObject pod, string container)
    {
        string target = $"{pod.Name()}/{container}";
        return e.Message switch
        {
            string text when text.Contains("previous terminated container", StringComparison.Ordinal) => new LabException(
                LabErrorKind.NotFound, "NoPreviousContainer", $"The container '{container}' of the pod '{pod.Name()}' has not run before its present run, so there is no earlier log.", e) { Target = target },
            string text when text.Contains("waiting to start", StringComparison.Ordinal) => new LabException(
                LabErrorKind.Conflict, "ContainerNotStarted",
                $"The container '{container}' of the pod '{pod.Name()}' has not started yet: {string.Join("; ", ResourceSummary.Troubles(pod).DefaultIfEmpty(ResourceSummary.Of("Pod", pod).State ?? ""))}.", e)
            {
                Target = target, Advice = "-Follow waits until it starts; -Previous reads the log of the run before.",
            },
            _ => e.Retold(e.Message, target: target),
        };
    }

    // All that a pod has, or will have, of the containers that are meant.
    private List<string> Containers(JsonObject pod, PodLogQuery query)
    {
        if (query.IsContainer is { } isMeant)
        {
            return [.. PodFinder.Containers(pod).Select(c => c.Container.Text("name") ?? "").Where(isMeant)];
        }

        string chosen = PodFinder.DefaultContainer(pod);
        string[] others = [.. PodFinder.Containers(pod).Select(c => c.Container.Text("name") ?? "").Where(name => name != chosen)];
        if (others.Length > 0 && explained.Add(pod.Name()))
        {
            reporter.Verbose($"The pod '{pod.Name()}' has the container '{chosen}' and others: {string.Join(", ", others)}; -Container or -AllContainers reads them.");
        }

        return [chosen];
    }

    private async Task WatchAsync(PodSelection selection, PodLogQuery query, ChannelWriter<PodLogOutcome> output, CancellationToken cancellation)
    {
        Dictionary<(string Uid, string Container), Task> readers = [];
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Dictionary<string, JsonObject> pods = new(StringComparer.Ordinal);
        bool listed = false;
        IAsyncEnumerator<ResourceEvent> events = new ResourceStore(api).FollowAsync(PodFinder.Pods, selection.Namespace, selection.Filter, end.Token).GetAsyncEnumerator(end.Token);
        Task<bool>? next = null;
        try
        {
            while (true)
            {
                next ??= events.MoveNextAsync().AsTask();
                Task[] open = [.. readers.Values.Where(reader => !reader.IsCompleted)];
                bool isLast = listed && open.Length == 0 && await IsOverAsync(selection, pods.Values, readers, query, cancellation);
                if (isLast)
                {
                    return;
                }

                // A Job is complete a moment after the last that is heard of its pods.
                Task[] looks = listed && open.Length == 0 && selection.OwnerKind is not null ? [Task.Delay(LookAgain, cancellation)] : [];
                if (await Task.WhenAny([next, .. open, .. looks]) != next)
                {
                    continue;
                }

                if (!await next)
                {
                    return;
                }

                ResourceEvent happened = events.Current;
                next = null;
                listed |= happened.Kind == ResourceEventKind.Listed;
                if (happened.Resource is not { } pod)
                {
                    continue;
                }

                string uid = pod.Uid() ?? "";
                if (happened.Kind == ResourceEventKind.Gone)
                {
                    pods.Remove(uid);
                    continue;
                }

                pods[uid] = pod;
                foreach (string container in Containers(pod, query).Where(container => !readers.ContainsKey((uid, container)) && HasStarted(pod, container)))
                {
                    readers[(uid, container)] = Task.Run(
                        () => ReadAsync(new ContainerLogReader(api, pod, container, query), pod, container, output, end.Token), CancellationToken.None);
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll([.. readers.Values, next ?? Task.CompletedTask]).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await events.DisposeAsync();
        }
    }

    private static bool HasStarted(JsonObject pod, string container)
    {
        JsonObject? status = PodFinder.StatusOf(pod, container), state = status?.Object("state");
        return state?.Object("running") is not null || state?.Object("terminated") is not null || status?.Object("lastState")?.Object("terminated") is not null;
    }

    // Where nothing is being read: whether anything can come.
    private async Task<bool> IsOverAsync(
        PodSelection selection, IReadOnlyCollection<JsonObject> pods, Dictionary<(string Uid, string Container), Task> readers, PodLogQuery query, CancellationToken cancellation)
    {
        bool pending = pods.Any(pod => pod.Phase() is not ("Succeeded" or "Failed")
            && Containers(pod, query).Any(container => !readers.ContainsKey((pod.Uid() ?? "", container))));
        if (pending || (selection.PodName is null && selection.OwnerKind is null))
        {
            return false;
        }

        if (selection.PodName is not null)
        {
            return true;
        }

        try
        {
            JsonObject owner = await api.GetAsync(selection.OwnerKind!.Path(selection.Namespace, selection.Owner!.Name()), cancellation);
            return selection.OwnerKind.Kind == "Job" && (owner.Holds("Complete") || owner.Holds("Failed"));
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return pods.Count == 0;
        }
        catch (LabException e) when (ResourceStore.Passes(e))
        {
            return false;
        }
    }
}
