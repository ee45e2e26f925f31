using System.Collections.Concurrent;
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

/// <summary>Objects that are waited for without being known by name; there may be none yet.</summary>
/// <param name="Resource">Their kind.</param>
/// <param name="Namespace">Their namespace; null for all.</param>
/// <param name="Filter">What the server selects by.</param>
/// <param name="Fits">Which names are meant.</param>
/// <param name="Description">How messages call them: <c>pods with app=web in namespace movies</c>.</param>
internal sealed record WaitSelection(ApiResource Resource, string? Namespace, ResourceFilter Filter, Func<string, bool> Fits, string Description);

/// <summary>What is waited for.</summary>
internal sealed record WaitPlan
{
    /// <summary>Objects by name.</summary>
    public IReadOnlyCollection<WaitTarget> Targets { get; init; } = [];

    /// <summary>Objects by what they have in common.</summary>
    public IReadOnlyCollection<WaitSelection> Selections { get; init; } = [];

    /// <summary>The wait for an object ends with the first of these that it meets.</summary>
    public required IReadOnlyList<WaitCondition> Conditions { get; init; }

    /// <summary>When to give up; zero to look once.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>True where an object that is not there may still come.</summary>
    public bool MayComeLater { get; init; }

    /// <summary>What to do about an object that fails.</summary>
    public string FailureAdvice { get; init; } = "Correct the manifest and deploy it again.";

    /// <summary>Error id of a failure.</summary>
    public string FailureCode { get; init; } = "RolloutFailed";
}

/// <summary>How the wait for one object ended.</summary>
/// <param name="Target">The object.</param>
/// <param name="Seen">Its last state, where it came about.</param>
/// <param name="Problem">Why it did not; null where it did.</param>
internal sealed record WaitEnd(WaitTarget Target, string Seen, LabException? Problem)
{
    /// <summary>Which condition was met; null where none was.</summary>
    public WaitCondition? Met { get; init; }

    /// <summary>The object as last seen; null where it never was there.</summary>
    public JsonObject? Resource { get; init; }
}

/// <summary>
/// Waits for many objects at once, by watching: one watch for all objects of a kind in a namespace, so nothing is polled.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who sees the progress.</param>
internal sealed class ResourceWaiter(KubernetesApi api, IReporter reporter)
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40), ShowAgain = TimeSpan.FromSeconds(1);

    // What the status of a workload does not say: its pods are looked at now and then, and no more than a few.
    private const int LookEvery = 5, LookedAt = 3;

    private readonly ResourceStore store = new(api);
    private readonly WorkloadPods pods = new(api);

    /// <summary>Waits until each object is ready.</summary>
    /// <param name="targets">The objects.</param>
    /// <param name="deployed">The objects as they were when they were deployed, as far as their status can be that of an earlier one.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="ended">Told the end of each wait, as it comes; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public Task ReadyAsync(
        IReadOnlyCollection<WaitTarget> targets, IEnumerable<JsonObject> deployed, TimeSpan timeout, Func<WaitEnd, Task> ended, CancellationToken cancellation) =>
        WaitAsync(new WaitPlan { Targets = targets, Conditions = [WaitCondition.Deployed(deployed)], Timeout = timeout }, ended, cancellation);

    /// <summary>Waits until each object is gone.</summary>
    /// <param name="targets">The objects.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="ended">Told the end of each wait, as it comes; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public Task GoneAsync(IReadOnlyCollection<WaitTarget> targets, TimeSpan timeout, Func<WaitEnd, Task> ended, CancellationToken cancellation) =>
        WaitAsync(new WaitPlan { Targets = targets, Conditions = [WaitCondition.Deleted], Timeout = timeout }, ended, cancellation);

    /// <summary>Waits until each object meets one of the conditions.</summary>
    /// <param name="plan">What is waited for.</param>
    /// <param name="ended">Told the end of each wait, as it comes; never two at a time.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Done when all have ended.</returns>
    public async Task WaitAsync(WaitPlan plan, Func<WaitEnd, Task> ended, CancellationToken cancellation)
    {
        using SemaphoreSlim one = new(1);
        Tally tally = new(async end =>
        {
            await one.WaitAsync(cancellation);
            try
            {
                await ended(end);
            }
            finally
            {
                one.Release();
            }
        });

        // Where a manifest has an object twice, both are the same one.
        Group[] groups =
        [
            .. plan.Targets.DistinctBy(target => (target.Resource, target.Namespace, target.Name))
                .GroupBy(target => (target.Resource, target.Namespace))
                .Select(same => new Group(this, plan, tally, same.Key.Resource, same.Key.Namespace, null, same)),
            .. plan.Selections.Select(selection => new Group(this, plan, tally, selection.Resource, selection.Namespace, selection, [])),
        ];
        using ProgressMeter meter = new(reporter, $"Waiting for {tally.Known} objects {Purpose(plan)}");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (plan.Timeout > TimeSpan.Zero)
        {
            limit.CancelAfter(plan.Timeout < LongestTimer ? plan.Timeout : LongestTimer);
        }

        Stopwatch begun = Stopwatch.StartNew();
        using CancellationTokenSource shown = new();
        Task showing = ShowAsync(shown.Token);
        try
        {
            await Task.WhenAll(groups.Select(group => group.RunAsync(limit.Token, cancellation)));
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
            HashSet<WaitTarget> warned = [];
            try
            {
                for (int seconds = 1; await timer.WaitForNextTickAsync(until); seconds++)
                {
                    if (seconds % LookEvery == 0)
                    {
                        await LookAsync(tally, warned, until);
                    }

                    meter.Note($"{tally.Done} of {tally.Known}, {begun.Elapsed.TotalSeconds:0} s{tally.Latest}", tally.Known == 0 ? null : (double)tally.Done / tally.Known);
                }
            }
            catch (OperationCanceledException)
            {
                // The wait is over.
            }
        }
    }

    // A crash loop may end by itself, so the wait goes on; who waits hears of it before the time is up.
    private async Task LookAsync(Tally tally, HashSet<WaitTarget> warned, CancellationToken cancellation)
    {
        foreach ((WaitTarget target, (string seen, JsonObject resource)) in tally.Waiting.Take(LookedAt))
        {
            (string troubles, string? crash) = await pods.LookAsync(target, resource, cancellation);
            if (troubles.Length > 0)
            {
                tally.Latest = $"; {target.Description}: {seen}{troubles}";
            }

            if (crash is not null && warned.Add(target))
            {
                reporter.Warning($"{target.Description} is still waited for, but {crash}. Debug-LabPod says why.");
            }
        }
    }

    private static string Purpose(WaitPlan plan) => string.Join(" or ", plan.Conditions.Select(condition => condition.Purpose).Distinct());

    // The first condition that is met counts; it failed where none can be met any more.
    private async Task<(ReadyReport Report, WaitCondition? Met)> JudgeAsync(WaitPlan plan, Entry entry, JsonObject resource, CancellationToken cancellation)
    {
        List<ReadyReport> reports = [];
        foreach (WaitCondition condition in plan.Conditions)
        {
            ReadyReport report = condition.MetByAbsence && entry.Uid is { } uid && resource.Uid() != uid
                ? new ReadyReport(ReadyState.Ready, "replaced by another object of the same name")
                : condition.Judge(entry.Target.Resource, resource);
            if (report.State == ReadyState.Waiting && condition.TakesLateClaims && entry.Target.Resource is { Kind: "PersistentVolumeClaim", Group: "" }
                && await BindsLaterAsync(resource, cancellation))
            {
                report = new ReadyReport(ReadyState.Ready, "its volume is created when a pod uses it");
            }

            if (report.State == ReadyState.Ready)
            {
                return (report, condition);
            }

            reports.Add(report);
        }

        return (new ReadyReport(
            reports.TrueForAll(report => report.State == ReadyState.Failed) ? ReadyState.Failed : ReadyState.Waiting,
            string.Join("; ", reports.Select(report => report.Seen).Distinct())), null);
    }

    private async Task<bool> BindsLaterAsync(JsonObject claim, CancellationToken cancellation)
    {
        if (claim.Object("spec")?.Text("storageClassName") is not { } name)
        {
            return false;
        }

        JsonObject? storage = await Permitted.TryAsync(() => api.GetAsync($"/apis/storage.k8s.io/v1/storageclasses/{Uri.EscapeDataString(name)}", cancellation));
        return storage?.Text("volumeBindingMode") == "WaitForFirstConsumer";
    }

    // How far the whole wait is, for the progress bar.
    private sealed class Tally(Func<WaitEnd, Task> ended)
    {
        private int known, done;

        public int Known => Volatile.Read(ref known);

        public int Done => Volatile.Read(ref done);

        public string Latest { get; set; } = "";

        // What is there and not as it shall be, with what was last seen of it.
        public ConcurrentDictionary<WaitTarget, (string Seen, JsonObject Resource)> Waiting { get; } = [];

        public void Expect() => Interlocked.Increment(ref known);

        public Task EndAsync(WaitEnd end)
        {
            Interlocked.Increment(ref done);
            Waiting.TryRemove(end.Target, out _);
            return ended(end);
        }
    }

    private sealed class Entry(WaitTarget target)
    {
        public WaitTarget Target => target;

        public string? Uid { get; set; } = target.Uid;

        public string Seen { get; set; } = "nothing yet";

        public JsonObject? Resource { get; set; }
    }

    // All that is waited for through one watch.
    private sealed class Group
    {
        private readonly ResourceWaiter owner;
        private readonly WaitPlan plan;
        private readonly Tally tally;
        private readonly ApiResource resource;
        private readonly string? ns;
        private readonly WaitSelection? selection;
        private readonly bool absenceCounts;
        private readonly Dictionary<(string? Namespace, string Name), Entry> pending;
        private readonly HashSet<(string? Namespace, string Name)> over = [], there = [];
        private bool listed;

        public Group(
            ResourceWaiter owner, WaitPlan plan, Tally tally, ApiResource resource, string? ns, WaitSelection? selection, IEnumerable<WaitTarget> targets)
        {
            this.owner = owner;
            this.plan = plan;
            this.tally = tally;
            this.resource = resource;
            this.ns = ns;
            this.selection = selection;
            absenceCounts = plan.Conditions.Any(condition => condition.MetByAbsence);
            pending = targets.ToDictionary(target => (target.Namespace, target.Name), target => new Entry(target));
            foreach (Entry _ in pending.Values)
            {
                tally.Expect();
            }
        }

        private WaitCondition? Absence => plan.Conditions.FirstOrDefault(condition => condition.MetByAbsence);

        public async Task RunAsync(CancellationToken until, CancellationToken cancellation)
        {
            try
            {
                await FollowAsync(until, cancellation);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                await GiveUpAsync(cancellation);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                foreach (Entry entry in pending.Values.DefaultIfEmpty(new Entry(Nobody())).ToList())
                {
                    await tally.EndAsync(new WaitEnd(entry.Target, entry.Seen, e) { Resource = entry.Resource });
                }
            }
        }

        private async Task FollowAsync(CancellationToken until, CancellationToken cancellation)
        {
            ResourceFilter filter = selection?.Filter
                ?? (pending.Count == 1 ? new ResourceFilter(FieldSelector: "metadata.name=" + pending.Keys.First().Name) : ResourceFilter.None);
            await foreach (ResourceEvent happened in owner.store.FollowAsync(resource, ns, filter, until))
            {
                if (happened.Kind == ResourceEventKind.Listed)
                {
                    foreach (Entry entry in pending.Where(pair => !there.Contains(pair.Key)).Select(pair => pair.Value).ToList())
                    {
                        await AbsentAsync(entry, "does not exist", cancellation);
                    }

                    if (plan.Timeout <= TimeSpan.Zero)
                    {
                        await GiveUpAsync(cancellation);
                        return;
                    }
                }
                else if (EntryOf(happened.Resource) is { } entry)
                {
                    await TellAsync(entry, happened.Kind == ResourceEventKind.Gone, happened.Resource!, until, cancellation);
                }

                // What is selected and not there yet may still come, unless it is waited for that it goes.
                listed |= happened.Kind == ResourceEventKind.Listed;
                if (pending.Count == 0 && (selection is null || (listed && (over.Count > 0 || absenceCounts))))
                {
                    return;
                }
            }
        }

        private Entry? EntryOf(JsonObject? content)
        {
            JsonObject metadata = content?.Object("metadata") ?? [];
            if (metadata.Text("name") is not { } name)
            {
                return null;
            }

            (string?, string) key = (resource.Namespaced ? metadata.Text("namespace") ?? ns : null, name);
            if (!pending.TryGetValue(key, out Entry? entry) && selection is not null && !over.Contains(key) && selection.Fits(name))
            {
                pending[key] = entry = new Entry(new WaitTarget(resource, key.Item1, name, metadata.Text("uid")));
                tally.Expect();
            }

            return entry;
        }

        private Task TellAsync(Entry entry, bool gone, JsonObject content, CancellationToken until, CancellationToken cancellation)
        {
            (string?, string) key = (entry.Target.Namespace, entry.Target.Name);
            if (gone)
            {
                there.Remove(key);
                return AbsentAsync(entry, "was deleted", cancellation);
            }

            there.Add(key);
            return PresentAsync(entry, content, until, cancellation);
        }

        private async Task AbsentAsync(Entry entry, string seen, CancellationToken cancellation)
        {
            if (Absence is { } absence)
            {
                await EndAsync(new WaitEnd(entry.Target, "gone", null) { Met = absence, Resource = entry.Resource });
            }
            else if (selection is not null)
            {
                // One of many that has gone is not missed.
                pending.Remove((entry.Target.Namespace, entry.Target.Name));
            }
            else if (plan.MayComeLater)
            {
                entry.Seen = seen;
                entry.Resource = null;
                tally.Latest = $"; {entry.Target.Description}: {seen}";
            }
            else
            {
                await EndAsync(new WaitEnd(entry.Target, "gone", new LabException(
                    LabErrorKind.NotFound, "NotFound", $"{entry.Target.Description} was deleted by someone else during the wait.")
                {
                    Target = entry.Target.Description,
                }));
            }
        }

        private async Task PresentAsync(Entry entry, JsonObject content, CancellationToken until, CancellationToken cancellation)
        {
            (ReadyReport report, WaitCondition? met) = await owner.JudgeAsync(plan, entry, content, until);
            if (report.Seen != entry.Seen)
            {
                RequestLog.Current.Verbose($"{entry.Target.Description}: {report.Seen}");
            }

            tally.Latest = $"; {entry.Target.Description}: {report.Seen}";
            entry.Seen = report.Seen;
            entry.Resource = content;
            entry.Uid ??= content.Uid();
            if (report.State == ReadyState.Waiting)
            {
                if (!absenceCounts)
                {
                    tally.Waiting[entry.Target] = (report.Seen, content);
                }

                return;
            }

            // Out of the list before anything else can be asked: a time limit must not tell of it again.
            pending.Remove((entry.Target.Namespace, entry.Target.Name));
            string why = report.State == ReadyState.Failed ? await owner.pods.TroublesAsync(entry.Target, content, cancellation) : "";
            string purpose = Purpose(plan);
            string failed = purpose.StartsWith("to be ", StringComparison.Ordinal) ? $"did not become {purpose[6..]}" : $"did not {purpose[3..]}";
            await EndAsync(new WaitEnd(entry.Target, report.Seen, report.State == ReadyState.Ready ? null : new LabException(
                LabErrorKind.ServiceFailed, plan.FailureCode, $"{entry.Target.Description} {failed}: {report.Seen.TrimEnd('.')}{why}.")
            {
                Target = entry.Target.Description,
                Advice = plan.FailureAdvice,
            })
            {
                Met = met,
                Resource = content,
            });
        }

        private async Task GiveUpAsync(CancellationToken cancellation)
        {
            string after = plan.Timeout > TimeSpan.Zero ? $"Timed out after {plan.Timeout.TotalSeconds:0.#} s waiting for" : "Looked once at";
            string purpose = Purpose(plan);
            foreach (Entry entry in pending.Values.ToList())
            {
                string why = absenceCounts || entry.Resource is null ? "" : await owner.pods.TroublesAsync(entry.Target, entry.Resource, cancellation);
                await EndAsync(new WaitEnd(entry.Target, entry.Seen, Late(entry.Target.Description, $"{entry.Seen}{why}"))
                {
                    Resource = entry.Resource,
                });
            }

            if (selection is not null && over.Count == 0 && !absenceCounts)
            {
                await tally.EndAsync(new WaitEnd(Nobody(), "none", Late(selection.Description, "none exists")));
            }

            LabException Late(string what, string seen) => new(
                LabErrorKind.Timeout, "WaitTimeout", $"{after} {what} {purpose}. Last seen: {seen.TrimEnd('.')}.")
            {
                Target = what,
                Advice = "Increase -Timeout, or check what is blocking it: for pods and workloads, Debug-LabPod says so.",
            };
        }

        private Task EndAsync(WaitEnd end)
        {
            pending.Remove((end.Target.Namespace, end.Target.Name));
            over.Add((end.Target.Namespace, end.Target.Name));
            return tally.EndAsync(end);
        }

        private WaitTarget Nobody() => new(resource, ns, "*", null);
    }
}
