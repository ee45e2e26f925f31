using System.Diagnostics;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>One object that is waited for.</summary>
/// <param name="Resource">Its kind.</param>
/// <param name="Namespace">Its namespace; null where the kind has none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its identity: an object of the same name that comes later is another one. Null where it is not known.</param>
internal sealed record WaitTarget(ApiResource Resource, string? Namespace, string Name, string? Uid)
{
    /// <summary>How messages call it.</summary>
    public string Description => Resource.Describe(Namespace, Name);
}

/// <summary>How the wait for one object ended.</summary>
/// <param name="Target">The object.</param>
/// <param name="Seen">Its last state, where it came about.</param>
/// <param name="Problem">Why it did not; null where it did.</param>
internal sealed record WaitEnd(WaitTarget Target, string Seen, LabException? Problem);

/// <summary>
/// Waits for many objects at once, by watching: one watch for all objects of a kind in a namespace, so nothing is polled.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress.</param>
internal sealed class ResourceWaiter(KubernetesApi api, IReporter reporter)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40), ShowAgain = TimeSpan.FromSeconds(1);

    private readonly ResourceStore store = new(api);

    /// <summary>Waits until each object is ready.</summary>
    /// <param name="targets">The objects.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="ended">Told the end of each wait, as it comes; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public Task ReadyAsync(IReadOnlyCollection<WaitTarget> targets, TimeSpan timeout, Func<WaitEnd, Task> ended, CancellationToken cancellation) =>
        WaitAsync(targets, timeout, "to be ready", JudgeReadyAsync, goneIsDone: false, ended, cancellation);

    /// <summary>Waits until each object is gone.</summary>
    /// <param name="targets">The objects.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="ended">Told the end of each wait, as it comes; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public Task GoneAsync(IReadOnlyCollection<WaitTarget> targets, TimeSpan timeout, Func<WaitEnd, Task> ended, CancellationToken cancellation) =>
        WaitAsync(targets, timeout, "to be gone", JudgeGoneAsync, goneIsDone: true, ended, cancellation);

    private static Task<ReadyReport> JudgeGoneAsync(WaitTarget target, JsonObject resource, CancellationToken cancellation)
    {
        JsonObject metadata = resource.Object("metadata") ?? [];
        IReadOnlyList<string> finalizers = metadata.Texts("finalizers");
        return Task.FromResult(target.Uid is not null && metadata.Text("uid") != target.Uid
            ? new ReadyReport(ReadyState.Ready, "replaced by another object of the same name")
            : new ReadyReport(ReadyState.Waiting, finalizers.Count > 0
                ? $"still exists, held by {string.Join(", ", finalizers)}"
                : target.Resource is { Group: "", Kind: "Namespace" } && NamespaceRemainder.Of(resource) is { } rest ? $"still exists: {rest}"
                : "still exists"));
    }

    private async Task<ReadyReport> JudgeReadyAsync(WaitTarget target, JsonObject resource, CancellationToken cancellation)
    {
        ReadyReport report = Readiness.Judge(target.Resource.Kind, resource);
        if (report.State == ReadyState.Waiting && target.Resource.Kind == "PersistentVolumeClaim" && await BindsLaterAsync(resource, cancellation))
        {
            return new ReadyReport(ReadyState.Ready, "its volume is created when a pod uses it");
        }

        return report;
    }

    private async Task<bool> BindsLaterAsync(JsonObject claim, CancellationToken cancellation)
    {
        if (claim.Object("spec")?.Text("storageClassName") is not { } name)
        {
            return false;
        }

        try
        {
            JsonObject storage = await api.GetAsync($"/apis/storage.k8s.io/v1/storageclasses/{Uri.EscapeDataString(name)}", cancellation);
            return storage.Text("volumeBindingMode") == "WaitForFirstConsumer";
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            return false;
        }
    }

    private async Task WaitAsync(
        IReadOnlyCollection<WaitTarget> targets, TimeSpan timeout, string purpose,
        Func<WaitTarget, JsonObject, CancellationToken, Task<ReadyReport>> judge, bool goneIsDone, Func<WaitEnd, Task> ended,
        CancellationToken cancellation)
    {
        // Where a manifest has an object twice, both are the same one.
        targets = [.. targets.DistinctBy(target => (target.Resource, target.Namespace, target.Name))];
        using ProgressMeter meter = new(reporter, $"Waiting for {targets.Count} objects {purpose}");
        using SemaphoreSlim one = new(1);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout < LongestTimer ? timeout : LongestTimer);
        Stopwatch begun = Stopwatch.StartNew();
        int done = 0;
        string latest = "";
        using CancellationTokenSource shown = new();
        Task showing = ShowAsync(shown.Token);
        try
        {
            await Task.WhenAll(targets.GroupBy(target => (target.Resource, target.Namespace)).Select(async group =>
            {
                Dictionary<string, (WaitTarget Target, string Seen, JsonObject? Resource)> pending =
                    group.ToDictionary(target => target.Name, target => (target, "nothing yet", (JsonObject?)null), StringComparer.Ordinal);
                try
                {
                    await FollowAsync(group.Key.Resource, group.Key.Namespace, pending, limit.Token);
                }
                catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
                {
                    foreach ((WaitTarget target, string seen, JsonObject? resource) in pending.Values.ToList())
                    {
                        string why = goneIsDone || resource is null ? "" : await PodTroublesAsync(target, resource, cancellation);
                        await EndAsync(new WaitEnd(target, seen, new LabException(
                            LabErrorKind.Timeout, "WaitTimeout",
                            $"Timed out after {timeout.TotalSeconds:0.#} s waiting for {target.Description} {purpose}. Last seen: {seen}{why}.")
                        {
                            Target = target.Description,
                            Advice = "Increase -Timeout, or check what is blocking it.",
                        }));
                    }
                }
                catch (LabException e) when (!e.StopsCommand)
                {
                    foreach ((WaitTarget target, string seen, _) in pending.Values.ToList())
                    {
                        await EndAsync(new WaitEnd(target, seen, e));
                    }
                }
            }));
        }
        finally
        {
            await shown.CancelAsync();
            await showing;
        }

        // A cluster may say nothing for minutes: what was last seen stays in sight, and the seconds go on.
        async Task ShowAsync(CancellationToken until)
        {
            using PeriodicTimer timer = new(ShowAgain);
            try
            {
                while (await timer.WaitForNextTickAsync(until))
                {
                    meter.Note($"{done} of {targets.Count}, {begun.Elapsed.TotalSeconds:0} s{latest}", (double)done / targets.Count);
                }
            }
            catch (OperationCanceledException)
            {
                // The wait is over.
            }
        }

        async Task EndAsync(WaitEnd end)
        {
            await one.WaitAsync(cancellation);
            try
            {
                done++;
                await ended(end);
            }
            finally
            {
                one.Release();
            }
        }

        async Task FollowAsync(
            ApiResource resource, string? ns, Dictionary<string, (WaitTarget Target, string Seen, JsonObject? Resource)> pending,
            CancellationToken until)
        {
            ResourceFilter filter = pending.Count == 1
                ? new ResourceFilter(FieldSelector: "metadata.name=" + pending.Keys.First())
                : ResourceFilter.None;
            HashSet<string> there = new(StringComparer.Ordinal);
            await foreach (ResourceEvent happened in store.FollowAsync(resource, ns, filter, until))
            {
                if (happened.Kind == ResourceEventKind.Listed)
                {
                    foreach (string name in pending.Keys.Where(name => !there.Contains(name)).ToList())
                    {
                        await GoneAsync(name);
                    }
                }
                else if (happened.Resource?.Object("metadata")?.Text("name") is { } name && pending.TryGetValue(name, out var entry))
                {
                    if (happened.Kind == ResourceEventKind.Gone)
                    {
                        there.Remove(name);
                        await GoneAsync(name);
                    }
                    else
                    {
                        there.Add(name);
                        await PresentAsync(name, entry.Target, happened.Resource);
                    }
                }

                if (pending.Count == 0)
                {
                    return;
                }
            }

            async Task GoneAsync(string name)
            {
                WaitTarget target = pending[name].Target;
                pending.Remove(name);
                await EndAsync(new WaitEnd(target, "gone", goneIsDone ? null : new LabException(
                    LabErrorKind.NotFound, "NotFound", $"{target.Description} was deleted by someone else during the wait.")
                {
                    Target = target.Description,
                }));
            }

            async Task PresentAsync(string name, WaitTarget target, JsonObject state)
            {
                ReadyReport report = await judge(target, state, until);
                if (report.Seen != pending[name].Seen)
                {
                    RequestLog.Current.Verbose($"{target.Description}: {report.Seen}");
                }

                latest = $"; {target.Description}: {report.Seen}";
                pending[name] = (target, report.Seen, state);
                if (report.State == ReadyState.Waiting)
                {
                    return;
                }

                pending.Remove(name);
                string why = report.State == ReadyState.Failed ? await PodTroublesAsync(target, state, cancellation) : "";
                await EndAsync(new WaitEnd(target, report.Seen, report.State == ReadyState.Ready ? null : new LabException(
                    LabErrorKind.ServiceFailed, "RolloutFailed", $"{target.Description} did not become ready: {report.Seen}{why}.")
                {
                    Target = target.Description,
                    Advice = "Correct the manifest and deploy it again.",
                }));
            }
        }
    }

    // What the pods of a workload say is what a person would look up next.
    private async Task<string> PodTroublesAsync(WaitTarget target, JsonObject workload, CancellationToken cancellation)
    {
        if (target.Namespace is null || workload.Object("spec")?.Object("selector") is not { } selector || target.Resource.Kind is "Service" or "PersistentVolumeClaim")
        {
            return "";
        }

        List<string> terms = [.. (selector.Object("matchLabels") ?? []).Select(label => $"{label.Key}={label.Value}")];
        foreach (JsonObject expression in selector.Objects("matchExpressions"))
        {
            string key = expression.Text("key") ?? "", values = string.Join(',', expression.Texts("values"));
            terms.Add(expression.Text("operator") switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "DoesNotExist" => "!" + key,
                _ => key,
            });
        }

        try
        {
            JsonObject pods = await api.GetAsync(
                $"/api/v1/namespaces/{Uri.EscapeDataString(target.Namespace)}/pods?limit=100&labelSelector={Uri.EscapeDataString(string.Join(',', terms))}",
                cancellation);
            string[] troubles = [.. pods.Objects("items").SelectMany(ResourceSummary.Troubles).Distinct().Take(3)];
            return troubles.Length == 0 ? "" : $"; {string.Join("; ", troubles)}";
        }
        catch (LabException)
        {
            return "";
        }
    }
}
