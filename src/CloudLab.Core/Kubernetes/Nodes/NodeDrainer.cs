using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>Cordons nodes, and moves their pods away.</summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress, and what is left behind.</param>
/// <param name="context">Name of the cluster's context, which nodes then have with them; null if none.</param>
public sealed class NodeDrainer(KubernetesApi api, IReporter reporter, string? context = null)
{
    private const int MostRequests = 16;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(5), ShowAgain = TimeSpan.FromSeconds(1), LongestTimer = TimeSpan.FromDays(40);

    private static readonly ApiResource Nodes = new()
    {
        Group = "", Version = "v1", Kind = "Node", Plural = "nodes", Singular = "node", Namespaced = false, ShortNames = ["no"],
    };

    private readonly DisruptionBudgets budgets = new(api);

    /// <summary>Takes a node out of use for new pods, or into use again.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="cordon">True to take it out of use.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The node afterwards, and whether it was otherwise before. Throws <see cref="LabException"/> (<c>NotFound</c>).</returns>
    public async Task<(LabNode Node, bool Changed)> CordonAsync(string node, bool cordon, CancellationToken cancellation)
    {
        (LabResource after, bool changed) = await new ResourceEditor(api, context).ChangeAsync(Nodes, null, node, live =>
        {
            JsonObject spec = live.Object("spec") ?? [];
            if (spec.Flag("unschedulable") != cordon)
            {
                live["spec"] ??= spec;
                if (cordon)
                {
                    spec["unschedulable"] = true;
                }
                else
                {
                    spec.Remove("unschedulable");
                }
            }
        }, cancellation);
        return ((LabNode)ResourceKinds.Create(after.ToObject(), Nodes, new ResourceOrigin(context, false)), changed);
    }

    /// <summary>Finds out what a drain would do, without a change.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="options">How it is drained.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The plan. Throws <see cref="LabException"/> (<c>NotFound</c>).</returns>
    public async Task<DrainPlan> PlanAsync(string node, DrainOptions options, CancellationToken cancellation)
    {
        JsonObject read = await api.GetAsync(Nodes.Path(null, node), cancellation);
        List<JsonObject> pods = await new NodePods(api).OfAsync(node, options.PodSelector, cancellation);
        Dictionary<(string, string), bool> sets = [];
        foreach (DrainPod pod in pods.Select(content => new DrainPod(content)).Where(pod => pod.Controller?.Text("kind") == "DaemonSet"))
        {
            (string, string) key = (pod.Namespace, pod.Controller!.Text("name") ?? "");
            if (!sets.ContainsKey(key))
            {
                sets[key] = await api.ExistsAsync($"/apis/apps/v1/namespaces/{Uri.EscapeDataString(key.Item1)}/daemonsets/{Uri.EscapeDataString(key.Item2)}", cancellation);
            }
        }

        return DrainPlan.Of(node, read.Object("spec")?.Flag("unschedulable") == true, pods, (ns, name) => sets[(ns, name)], options);
    }

    /// <summary>Moves the pods of a cordoned node away. Whatever ends it says what is left behind and how to go on.</summary>
    /// <param name="plan">What to do, as it was found before the cordon; it is looked at again.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it; what is left behind is told in a warning.</param>
    /// <returns>What became of the pods, and the error where some remain: <c>DrainRefused</c>, <c>DrainTimeout</c>, <c>DrainFailed</c>.</returns>
    public async Task<(LabNodeDrain? Drain, LabException? Problem)> DrainAsync(DrainPlan plan, DrainOptions options, CancellationToken cancellation)
    {
        Stopwatch begun = Stopwatch.StartNew();
        List<Track> tracks = [];
        LabException? failure = null;
        bool timedOut = false;
        List<(DrainPod Pod, string Why)> left = plan.Left;
        List<DrainPod> returned = [];
        try
        {
            // Between the plan and the cordon, pods may have come.
            DrainPlan now = await PlanAsync(plan.Node, options, cancellation);
            if (now.Refusal(touched: true) is { } refusal)
            {
                return (null, Advised(refusal, plan));
            }

            left = now.Left;
            tracks = [.. now.Evicted.Select(pod => new Track(pod))];
            timedOut = !await MoveAsync(now, tracks, options, begun, cancellation);
            if (!timedOut)
            {
                returned = await ReturnedAsync(now, options, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            reporter.Warning($"{Left(plan, tracks)} {Advice(plan)}");
            throw;
        }
        catch (LabException e)
        {
            failure = e;
        }

        LabPodEviction[] pods =
        [
            .. tracks.Select(track => track.Result(plan.Node, options)).OrderBy(pod => !LabNodeDrain.IsRemaining(pod)),
            .. returned.Select(pod => pod.As(plan.Node, PodEvictionState.Returned, "its controller puts it on this node whether it is cordoned or not: look at nodeName and tolerations of its pod template")),
            .. left.Select(one => one.Pod.As(plan.Node, PodEvictionState.Left, one.Why)),
        ];
        bool complete = failure is null && !Array.Exists(pods, LabNodeDrain.IsRemaining);
        // Who does not wait is told what ends, and that is no failure.
        bool ending = failure is null && options.Timeout == TimeSpan.Zero && Array.TrueForAll(pods, pod => !LabNodeDrain.IsRemaining(pod) || pod.State == PodEvictionState.Terminating);
        LabNodeDrain drain = new()
        {
            Name = plan.Node, State = complete ? "Drained" : ending ? "Draining" : "Incomplete", WasCordoned = plan.WasCordoned, Took = begun.Elapsed, Pods = pods,
        };
        if (returned.Count > 0)
        {
            reporter.Warning($"{returned.Count} {Counted.Noun(returned.Count, "pod")} came back to node {plan.Node} although it is cordoned ({SomeOf.Names(returned, DrainPlan.MostNames)}): look at nodeName and tolerations of the pod template.");
        }

        return (drain, complete || ending ? null : Advised(
            failure is not null ? new LabException(failure.Kind, failure.Code, $"{Left(plan, tracks)} The drain ended early: {failure.Message}", failure) { StatusCode = failure.StatusCode }
            : new LabException(
                timedOut ? LabErrorKind.Timeout : LabErrorKind.ServiceFailed, timedOut ? "DrainTimeout" : "DrainFailed",
                $"{Left(plan, tracks, options)}{(timedOut && options.Timeout > TimeSpan.Zero ? $" The time of {options.Timeout.TotalSeconds:0} s is over." : "")}"), plan));
    }

    private static LabException Advised(LabException problem, DrainPlan plan) =>
        new(problem.Kind, problem.Code, problem.Message, problem.InnerException) { StatusCode = problem.StatusCode, Target = plan.Node, Advice = Advice(plan), StopsCommand = false };

    private static string Advice(DrainPlan plan) => $"Clear-LabNode {plan.Node} goes on; Resume-LabNode {plan.Node} takes the node into use again"
        + (plan.WasCordoned ? ", but it was cordoned before this drain, and somebody may count on that." : ".");

    private static string Left(DrainPlan plan, List<Track> tracks, DrainOptions? options = null)
    {
        LabPodEviction[] results = [.. tracks.Select(track => track.Result(plan.Node, options ?? new DrainOptions()))];
        LabPodEviction[] remaining = [.. results.Where(LabNodeDrain.IsRemaining)];
        int moved = results.Length - remaining.Length;
        return $"Node {plan.Node} stays cordoned: {moved} of its pods {(moved == 1 ? "was" : "were")} moved, "
            + (remaining.Length == 0 ? "and none of those that are known remains." : $"{remaining.Length} {(remaining.Length == 1 ? "remains" : "remain")}: "
                + string.Join("; ", remaining.GroupBy(pod => pod.Reason).Select(same => $"{SomeOf.Names(same.Select(pod => $"{pod.Namespace}/{pod.Name}"), DrainPlan.MostNames)} ({same.Key})")) + ".");
    }

    private async Task<List<DrainPod>> ReturnedAsync(DrainPlan plan, DrainOptions options, CancellationToken cancellation)
    {
        HashSet<string> known = [.. plan.Evicted.Concat(plan.Left.Select(one => one.Pod)).Select(pod => pod.Uid)];
        try
        {
            return [.. (await PlanAsync(plan.Node, options with { Force = true, DeleteEmptyDirData = true }, cancellation)).Evicted.Where(pod => !known.Contains(pod.Uid))];
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            reporter.Warning($"Node {plan.Node} was removed from the cluster during the drain.");
            return [];
        }
    }

    // True where no pod is waited for any more; false where the time is over.
    private async Task<bool> MoveAsync(DrainPlan plan, List<Track> tracks, DrainOptions options, Stopwatch begun, CancellationToken cancellation)
    {
        if (tracks.Count == 0)
        {
            return true;
        }

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (options.Timeout > TimeSpan.Zero)
        {
            limit.CancelAfter(options.Timeout < LongestTimer ? options.Timeout : LongestTimer);
        }

        using CancellationTokenSource done = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        using SemaphoreSlim requests = new(MostRequests);
        using ProgressMeter meter = new(reporter, $"Draining node {plan.Node}");
        Task moving = Task.WhenAll(tracks.Select(track => MoveAsync(track, options, requests, done.Token)));
        Task watching = WatchAsync(plan.Node, tracks, options, done.Token), showing = ShowAsync(tracks, meter, begun, done.Token);
        try
        {
            // The watch ends only with an error of its own.
            Task first = await Task.WhenAny(moving, watching);
            await first;
            return options.Timeout > TimeSpan.Zero || tracks.TrueForAll(track => track.Settled);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(moving, watching, showing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task MoveAsync(Track track, DrainOptions options, SemaphoreSlim requests, CancellationToken cancellation)
    {
        for (TimeSpan pause = FirstPause; !await RequestAsync(track, options, requests, cancellation); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (options.Timeout == TimeSpan.Zero)
            {
                return;
            }

            // A pod that goes by itself need not be asked for again.
            await Task.WhenAny(track.Gone.Task, Task.Delay(pause, cancellation));
            cancellation.ThrowIfCancellationRequested();
            if (track.Settled)
            {
                return;
            }
        }

        if (!track.Settled && options.Timeout > TimeSpan.Zero)
        {
            await track.Gone.Task.WaitAsync(cancellation);
        }
    }

    // True where there is nothing more to ask for.
    private async Task<bool> RequestAsync(Track track, DrainOptions options, SemaphoreSlim requests, CancellationToken cancellation)
    {
        DrainPod pod = track.Pod;
        await requests.WaitAsync(cancellation);
        try
        {
            JsonObject deletion = new() { ["preconditions"] = new JsonObject { ["uid"] = pod.Uid } };
            if (options.GracePeriod is { } seconds)
            {
                deletion["gracePeriodSeconds"] = seconds;
            }

            string path = PodFinder.Pods.Path(pod.Namespace, pod.Name);
            await (options.DisableEviction
                ? api.SendAsync(HttpMethod.Delete, path, Encoding.UTF8.GetBytes(deletion.ToJsonString()), null, cancellation)
                : api.SendOnceAsync(HttpMethod.Post, path + "/eviction", Encoding.UTF8.GetBytes(new JsonObject
                {
                    ["apiVersion"] = "policy/v1",
                    ["kind"] = "Eviction",
                    ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace },
                    ["deleteOptions"] = deletion,
                }.ToJsonString()), cancellation));
            reporter.Verbose($"Pod {pod} {(options.DisableEviction ? "is deleted" : "is evicted")}");
            (track.Requested, track.Blocker) = (true, null);
            return true;
        }
        catch (LabException e) when (e.StatusCode == 404 || (e.StatusCode == 409 && e.Message.Contains("UID", StringComparison.Ordinal)))
        {
            // Gone, or another pod of the same name by now.
            track.Gone.TrySetResult();
            return true;
        }
        catch (LabException e) when (e.StatusCode == 429)
        {
            track.Blocker = await budgets.DescribeAsync(pod, cancellation) ?? e.Message.TrimEnd('.');
            reporter.Verbose($"Pod {pod} may not go yet: {track.Blocker}");
            return false;
        }
        catch (LabException e) when (e.StatusCode == 403 && e.Message.Contains("being terminated", StringComparison.Ordinal))
        {
            // Its namespace takes it along.
            track.Requested = true;
            return true;
        }
        catch (LabException e) when (e.Message.Contains("more than one PodDisruptionBudget", StringComparison.Ordinal))
        {
            track.Fail($"more than one disruption budget selects it, and so it cannot be evicted: {await budgets.DescribeAsync(pod, cancellation)}; -DisableEviction deletes it past them");
            return true;
        }
        catch (LabException e) when (ResourceStore.Passes(e) || e.StatusCode == 409)
        {
            track.Trouble = e.Message.TrimEnd('.');
            return false;
        }
        catch (LabException e)
        {
            track.Fail(e.Message.TrimEnd('.'));
            return true;
        }
        finally
        {
            requests.Release();
        }
    }

    private async Task WatchAsync(string node, List<Track> tracks, DrainOptions options, CancellationToken cancellation)
    {
        Dictionary<string, Track> known = tracks.ToDictionary(track => track.Pod.Uid, StringComparer.Ordinal);
        HashSet<string>? seen = [];
        await foreach (ResourceEvent happened in new ResourceStore(api).FollowAsync(PodFinder.Pods, null, NodePods.On(node, options.PodSelector), cancellation))
        {
            if (happened.Kind == ResourceEventKind.Listed)
            {
                foreach (Track track in tracks.Where(track => seen?.Contains(track.Pod.Uid) == false))
                {
                    track.Gone.TrySetResult();
                }

                seen = null;
            }
            else if (happened.Resource?.Uid() is { } uid)
            {
                seen?.Add(uid);
                if (known.TryGetValue(uid, out Track? track))
                {
                    track.Last = happened.Resource;
                    if (happened.Kind == ResourceEventKind.Gone)
                    {
                        reporter.Verbose($"Pod {track.Pod} is gone from node {node}");
                        track.Gone.TrySetResult();
                    }
                }
            }
        }
    }

    private static async Task ShowAsync(List<Track> tracks, ProgressMeter meter, Stopwatch begun, CancellationToken until)
    {
        using PeriodicTimer timer = new(ShowAgain);
        while (await timer.WaitForNextTickAsync(until))
        {
            int gone = tracks.Count(track => track.Gone.Task.IsCompleted);
            Track? waited = tracks.Find(track => !track.Settled && track.Blocker is not null) ?? tracks.Find(track => !track.Settled);
            meter.Note(
                $"{gone} of {tracks.Count} pods gone, {begun.Elapsed.TotalSeconds:0} s{(waited is null ? "" : $"; {waited.Pod}: {waited.Why}")}", (double)gone / tracks.Count);
        }
    }

    /// <summary>A pod on its way.</summary>
    private sealed class Track(DrainPod pod)
    {
        private string? failed;

        public DrainPod Pod => pod;

        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The pod as last seen.</summary>
        public JsonObject Last { get; set; } = pod.Content;

        public bool Requested { get; set; }

        /// <summary>The budget that keeps it.</summary>
        public string? Blocker { get; set; }

        /// <summary>What went wrong when it was last asked for, and may pass.</summary>
        public string? Trouble { get; set; }

        public bool Settled => Gone.Task.IsCompleted || failed is not null;

        /// <summary>Why it is still there.</summary>
        public string Why => failed ?? Blocker ?? (Requested ? Ending() : Trouble ?? "not asked to go yet");

        public void Fail(string why) => failed = why;

        public LabPodEviction Result(string node, DrainOptions options) => Gone.Task.IsCompleted
            ? pod.As(node, PodEvictionState.Evicted, options.DisableEviction ? "deleted" : null)
            : pod.As(node, failed is not null ? PodEvictionState.Failed : Blocker is not null ? PodEvictionState.Blocked : Requested ? PodEvictionState.Terminating : PodEvictionState.Waiting, Why);

        private string Ending()
        {
            JsonObject metadata = Last.Object("metadata") ?? [];
            string[] finalizers = [.. metadata.Texts("finalizers")];
            return finalizers.Length > 0 ? $"ending, waits for the {(finalizers.Length == 1 ? "finalizer" : "finalizers")} {string.Join(", ", finalizers)}"
                : ResourceParts.Time(metadata.Text("deletionTimestamp")) is { } due && due < DateTimeOffset.UtcNow
                    ? $"should have ended {ShortDuration.Of(DateTimeOffset.UtcNow - due)} ago and its kubelet has not confirmed it; where the node is gone, -GracePeriod 0 removes it"
                    : $"ending, within a grace period of {metadata.Number("deletionGracePeriodSeconds") ?? 30} s";
        }
    }
}
