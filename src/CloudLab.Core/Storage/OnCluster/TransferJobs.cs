using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Rollouts;
using CloudLab.Core.Kubernetes.Streams;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Transfer jobs on a cluster. All there is to know of one is in its Job and ConfigMap, and in its checkpoints in the bucket: any machine
/// that reaches both can look after it.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Sees progress.</param>
public sealed class TransferJobs(KubernetesApi api, IReporter reporter)
{
    /// <summary>How long a job is waited for where nothing else is said, and how long one that has ended is kept.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    private const string Letters = "bcdfghjklmnpqrstvwxz2456789";
    private const int LongestStem = 40;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RemovalTime = TimeSpan.FromSeconds(10);

    // A server that is updated is away for a while; that is no reason to leave a job of hours.
    private const int MostTroubles = 60;

    /// <summary>A name for a job.</summary>
    /// <param name="action">What it does.</param>
    /// <param name="bucket">The bucket it does it to.</param>
    /// <returns><c>copy-movies-x2b9d</c>.</returns>
    public static string NewName(TransferAction action, string bucket)
    {
        string stem = bucket.Replace('.', '-').Replace('_', '-').ToLowerInvariant();
        return $"{(action == TransferAction.Copy ? "copy" : "remove")}-{stem[..Math.Min(stem.Length, LongestStem)].Trim('-')}-{Random.Shared.GetString(Letters, 5)}";
    }

    /// <summary>What keeps the results of a job apart from those of an earlier one of its name.</summary>
    /// <param name="name">Name of the job.</param>
    /// <returns>An id.</returns>
    public static string NewId(string name) => $"{name}-{Random.Shared.GetString(Letters, 8)}";

    /// <summary>Creates a job, and lets it begin when all that it needs is there.</summary>
    /// <param name="plan">What it does.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="cancellation">Cancels it; nothing is left then.</param>
    /// <returns>The job. Throws <see cref="LabException"/> with the server's reason.</returns>
    public async Task<LabTransferJob> StartAsync(TransferPlan plan, TransferJobOptions options, CancellationToken cancellation)
    {
        JsonObject job = await api.CreateAsync(PodRunner.Jobs, options.Namespace, TransferJobManifest.Job(plan, options), cancellation);
        try
        {
            await api.CreateAsync(TransferJobManifest.ConfigMaps, options.Namespace, TransferJobManifest.ConfigMap(plan, options, job), cancellation);
            job = await PatchAsync(options.Namespace, options.Name, new JsonObject { ["spec"] = new JsonObject { ["suspend"] = false } }, cancellation);
        }
        catch
        {
            using CancellationTokenSource limit = new(RemovalTime);
            try
            {
                await DeleteAsync(options.Namespace, options.Name, limit.Token);
            }
            catch (Exception e) when (e is LabException or OperationCanceledException)
            {
                reporter.Warning($"The Job '{options.Name}' in namespace {options.Namespace} did not begin, and could not be removed: Get-LabResource jobs {options.Name} -Namespace {options.Namespace} | Remove-LabManifest does it.");
            }

            throw;
        }

        return Describe(job, plan, new Dictionary<int, TransferCheckpoint>(), [], null);
    }

    /// <summary>A job that is only planned.</summary>
    /// <param name="plan">What it would do.</param>
    /// <param name="options">How it would run.</param>
    /// <param name="duration">About how long it would take.</param>
    /// <returns>The job. Throws <see cref="LabException"/> (PlanTooLarge).</returns>
    public static LabTransferJob Planned(TransferPlan plan, TransferJobOptions options, TimeSpan duration)
    {
        // What no ConfigMap holds is told before anybody is asked.
        _ = TransferJobManifest.Data(plan, options);
        return new LabTransferJob
        {
            Name = options.Name,
            Namespace = options.Namespace,
            Action = plan.Action,
            Source = ObjectName.Uri(plan.Source.Bucket, plan.Source.Prefix),
            Destination = plan.Destination is { } to ? ObjectName.Uri(to.Bucket, to.Prefix) : null,
            State = TransferJobState.Planned,
            Parallelism = Math.Min(options.Parallelism, plan.Ranges.Count),
            RangeCount = plan.Ranges.Count,
            EstimatedObjects = plan.EstimatedObjects,
            EstimatedSize = plan.EstimatedSize,
            EstimatedDuration = duration,
            Ranges = [.. plan.Ranges.Select((range, index) => LabTransferRange.Of(index, range, null, "Planned"))],
        };
    }

    /// <summary>Names of the jobs of a namespace.</summary>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="cancellation">Stops the list.</param>
    /// <returns>Names with their namespaces.</returns>
    public async IAsyncEnumerable<(string Namespace, string Name)> NamesAsync(string? ns, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (JsonObject job in new ResourceStore(api).ItemsAsync(PodRunner.Jobs, ns, new ResourceFilter(TransferJobManifest.Label), cancellation))
        {
            yield return (job.Namespace(), job.Name());
        }
    }

    /// <summary>Reads how far a job is.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="open">Opens the service that the checkpoints are in, by its endpoint and region as the workers reach it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The job. Throws <see cref="LabException"/> (NotFound, NotATransferJob).</returns>
    public async Task<LabTransferJob> GetAsync(string ns, string name, Func<TransferPlace, StorageClient> open, CancellationToken cancellation)
    {
        JsonObject job = await JobAsync(ns, name, cancellation);
        TransferPlan plan = await PlanAsync(job, cancellation);
        return await LookAsync(job, plan, await WorkersAsync(ns, name, cancellation), Store(plan, open), failed: true, cancellation);
    }

    private async Task<LabTransferJob> LookAsync(
        JsonObject job, TransferPlan plan, IReadOnlyList<JsonObject> workers, CheckpointStore store, bool failed, CancellationToken cancellation)
    {
        IReadOnlyDictionary<int, TransferCheckpoint> checkpoints = new Dictionary<int, TransferCheckpoint>();
        IReadOnlyList<LabTransferFailure> failures = [];
        if (ResultOf(job) is null)
        {
            try
            {
                checkpoints = await store.ReadAllAsync(cancellation);
                failures = failed && checkpoints.Values.Any(at => at.Failed > 0) ? await store.ReadFailuresAsync(cancellation) : [];
            }
            catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.AccessDenied or LabErrorKind.AuthenticationFailed)
            {
                throw Advising(e, $"The job keeps its progress in {store.Uri}, at {plan.Results.EndpointUrl?.AbsoluteUri.TrimEnd('/') ?? "Amazon S3"} as its workers reach it: where that is not the service of this session, give the one that is with -Session.");
            }
        }

        // Who else waits for it may have read and removed them meanwhile.
        if (job.Holds("Complete") && ResultOf(job) is null && checkpoints.Values.Count(at => at.Done) < plan.Ranges.Count)
        {
            job = await JobAsync(job.Namespace(), job.Name(), cancellation);
        }

        string? problem = job.Condition("Failed") is { } end && end.Text("status") == "True" ? LastWords(workers) ?? $"{end.Text("reason")}: {end.Text("message")}"
            : workers.Count == 0 ? await RefusalAsync(job, cancellation)
            : workers.Where(pod => pod.Phase() == "Pending").SelectMany(ResourceSummary.Troubles).FirstOrDefault();
        return Describe(job, plan, checkpoints, failures, problem);
    }

    /// <summary>Stays with a job to its end; then what it left in the bucket is removed, unless keys failed.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="timeout">When to give up; the job runs on.</param>
    /// <param name="open">Opens the service that the checkpoints are in.</param>
    /// <param name="cancellation">Ends the wait; the job runs on.</param>
    /// <returns>The job at its end. Throws <see cref="LabException"/> (WorkersNotStarted, WaitTimeout).</returns>
    public async Task<LabTransferJob> WaitAsync(string ns, string name, TimeSpan timeout, Func<TransferPlace, StorageClient> open, CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, $"Transfer job {name}");
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            TransferPlan? plan = null;
            CheckpointStore? store = null;
            for (int troubles = 0; ;)
            {
                LabTransferJob now;
                IReadOnlyList<JsonObject> workers;
                try
                {
                    JsonObject job = await JobAsync(ns, name, limit.Token);

                    // The ConfigMap that it is in is immutable.
                    plan ??= await PlanAsync(job, limit.Token);
                    workers = await WorkersAsync(ns, name, limit.Token);

                    // There may be a million failed keys: they are read once, at the end.
                    now = await LookAsync(job, plan, workers, store ??= Store(plan, open), failed: StateOf(job) != TransferJobState.Running, limit.Token);
                }
                catch (LabException e) when (plan is not null && MayPass(e) && ++troubles < MostTroubles)
                {
                    reporter.Verbose($"Transfer job {name}: {e.Message}");
                    await Task.Delay(PollInterval, limit.Token);
                    continue;
                }
                catch (LabException e) when (plan is not null && e is { Kind: LabErrorKind.NotFound, Code: "NotFound" })
                {
                    throw new LabException(LabErrorKind.NotFound, "TransferJobGone", $"The transfer job '{name}' in namespace {ns} was removed while it was waited for.", e)
                    {
                        Target = name, Advice = $"What it did is done. {AgainOf(plan.Action)} {Store(plan, open).RemovalCommand} removes what it kept of its progress, if that is still there.",
                    };
                }
                catch (LabException e) when (plan is not null)
                {
                    throw Advising(e, $"The job runs on: Wait-LabTransferJob {name} -Namespace {ns} comes back to it.");
                }

                troubles = 0;
                meter.Note(
                    string.Create(CultureInfo.InvariantCulture, $"{now.Progress} {Counted.Noun(now.EstimatedObjects, "object")}, {now.RangesDone:#,0} of {Counted.Of(now.RangeCount, "range")}, {now.ObjectsPerSecond:#,0} objects/s{(now.FailedCount > 0 ? $", {now.FailedCount:#,0} failed" : "")}{(now.Problem is { } why ? "; " + why : "")}"),
                    now.EstimatedObjects > 0 ? Math.Min(0.99, (now.Objects + now.Skipped) / (double)now.EstimatedObjects) : null);
                if (now.State is TransferJobState.Complete or TransferJobState.Failed or TransferJobState.Stopped)
                {
                    return now.State == TransferJobState.Complete && now.FailedCount == 0 ? await SettleAsync(now, plan, open, cancellation) : now;
                }

                // As long as any worker runs, has run, or may still start by itself, there is hope. Where there is none at all, the problem is why.
                string? stuck = workers.Count == 0 ? now.Problem
                    : now.RangesDone + now.RangesFailed == 0 && workers.All(PodRunner.IsStuck) ? workers.SelectMany(ResourceSummary.Troubles).Distinct().FirstOrDefault() ?? "" : null;
                if (stuck is not null)
                {
                    throw new LabException(LabErrorKind.ServiceFailed, "WorkersNotStarted", $"No worker of the transfer job '{name}' in namespace {ns} can start: {stuck.TrimEnd('.')}.")
                    {
                        Target = name,
                        Advice = $"The Job stays as it is: Wait-LabTransferJob {name} -Namespace {ns} comes back to it once that is mended, Stop-LabTransferJob {name} -Namespace {ns} -Remove takes it away. examples/image has the image's Dockerfile.",
                    };
                }

                await Task.Delay(PollInterval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            reporter.Warning($"The transfer job '{name}' runs on: Wait-LabTransferJob {name} -Namespace {ns} comes back to it, Stop-LabTransferJob {name} -Namespace {ns} stops it.");
            throw;
        }
        catch (OperationCanceledException)
        {
            throw new LabException(LabErrorKind.Timeout, "WaitTimeout", $"The transfer job '{name}' did not end within {timeout.TotalSeconds:0} s, and runs on.")
            {
                Target = name, Advice = $"Wait-LabTransferJob {name} -Namespace {ns} comes back to it.",
            };
        }
    }

    /// <summary>Stops the workers of a job, or lets them go on.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="stop">False to go on.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when the cluster knows.</returns>
    public async Task SuspendAsync(string ns, string name, bool stop, CancellationToken cancellation)
    {
        _ = await PlanAsync(await JobAsync(ns, name, cancellation), cancellation);
        await PatchAsync(ns, name, new JsonObject { ["spec"] = new JsonObject { ["suspend"] = stop } }, cancellation);
    }

    /// <summary>Removes a job with its pods and all that it left in the bucket, but for the objects that it copied.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="open">Opens the service that the checkpoints are in.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when it is gone.</returns>
    public async Task RemoveAsync(string ns, string name, Func<TransferPlace, StorageClient> open, CancellationToken cancellation)
    {
        TransferPlan plan = await PlanAsync(await JobAsync(ns, name, cancellation), cancellation);
        CheckpointStore store = Store(plan, open);
        await DeleteAsync(ns, name, cancellation);
        try
        {
            // A worker that still runs would write its checkpoint again.
            using ProgressMeter meter = new(reporter, $"Removing transfer job {name}");
            while (await PodsAsync(ns, name, cancellation) is var pods && pods.Count(pod => pod.Phase() is "Pending" or "Running") is > 0 and var running)
            {
                meter.Note($"{Counted.Of(running, "worker")} to end");
                await Task.Delay(PollInterval / 4, cancellation);
            }

            await store.RemoveAsync(cancellation);
        }
        catch (LabException e)
        {
            throw Advising(e, Left());
        }
        catch (OperationCanceledException)
        {
            reporter.Warning(Left());
            throw;
        }

        // Without its Job nobody finds it again.
        string Left() => $"The Job '{name}' is removed; what it kept in the bucket is still there: {store.RemovalCommand} removes it.";
    }

    /// <summary>How what a job did not do is done after all.</summary>
    /// <param name="action">What it does.</param>
    /// <returns>A sentence.</returns>
    public static string AgainOf(TransferAction action) =>
        action == TransferAction.Copy ? "Run the copy again to do the rest: what is there is not copied twice." : "Run the deletion again to do the rest.";

    private static LabException Advising(LabException e, string advice) => e.Advising(e.Advice is { } said ? $"{said} {advice}" : advice);

    private static CheckpointStore Store(TransferPlan plan, Func<TransferPlace, StorageClient> open) => new(open(plan.Results), plan.Results.Bucket, plan.Id);

    // What a worker that failed said of it: the end of its log, or what the cluster knows of one that was given no time to say anything.
    private static string? LastWords(IEnumerable<JsonObject> workers)
    {
        JsonObject[] failed = [.. workers.Where(pod => pod.Phase() == "Failed")];
        string[] troubles = [.. failed.SelectMany(ResourceSummary.Troubles)];
        string[] said = [.. failed.SelectMany(pod => pod.Object("status")?.Objects("containerStatuses") ?? [])
            .SelectMany(container => (container.Object("state")?.Object("terminated")?.Text("message") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))];
        string? words = said.FirstOrDefault(line => line.StartsWith("Invoke-LabTransferRange", StringComparison.Ordinal))
            ?? troubles.FirstOrDefault(trouble => trouble.Contains("OOMKilled", StringComparison.Ordinal)) ?? said.LastOrDefault() ?? troubles.FirstOrDefault();
        return words is null ? null : OneLine.Of(words);
    }

    // Why the cluster does not let a job that runs have any pod: a quota, a security standard, a service account that is missing. Pods that may not
    // be read do count.
    private async Task<string?> RefusalAsync(JsonObject job, CancellationToken cancellation)
    {
        JsonObject spec = job.Object("spec") ?? [], status = job.Object("status") ?? [];
        if (spec.Flag("suspend") || job.Holds("Complete") || job.Holds("Failed") || (status.Number("active") ?? 0) > 0 || (status.Number("succeeded") ?? 0) > 0)
        {
            return null;
        }

        try
        {
            string begun = status.Text("startTime") ?? "";
            return (await new WorkloadPods(api).WarningsAsync(job.Namespace(), job.Object("metadata")!.Text("uid")!, cancellation))
                .FirstOrDefault(e => e.Text("reason") == "FailedCreate" && string.CompareOrdinal(ObjectEvents.TimeOf(e), begun) >= 0)?.Text("message") is { } why ? OneLine.Of(why) : null;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return null;
        }
    }

    private static JsonObject? ResultOf(JsonObject job) =>
        job.Object("metadata")?.Object("annotations")?.Text(TransferJobManifest.Result) is { } text ? JsonNode.Parse(text) as JsonObject : null;

    private static bool MayPass(LabException e) => e.Kind is LabErrorKind.ServiceFailed or LabErrorKind.LimitExceeded or LabErrorKind.Timeout or LabErrorKind.ConnectionFailed;

    // 0,3-5
    private static HashSet<int> Indexes(string? text)
    {
        HashSet<int> all = [];
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] ends = part.Split('-');
            int from = int.Parse(ends[0], CultureInfo.InvariantCulture), to = int.Parse(ends[^1], CultureInfo.InvariantCulture);
            all.UnionWith(Enumerable.Range(from, to - from + 1));
        }

        return all;
    }

    private static TransferJobState StateOf(JsonObject job) => job.Holds("Complete") ? TransferJobState.Complete
        : job.Holds("Failed") ? TransferJobState.Failed
        : (job.Object("spec") ?? []).Flag("suspend") ? TransferJobState.Stopped
        : TransferJobState.Running;

    private static LabTransferJob Describe(
        JsonObject job, TransferPlan plan, IReadOnlyDictionary<int, TransferCheckpoint> checkpoints, IReadOnlyList<LabTransferFailure> failures, string? problem)
    {
        JsonObject spec = job.Object("spec") ?? [], status = job.Object("status") ?? [];
        HashSet<int> done = Indexes(status.Text("completedIndexes")), failed = Indexes(status.Text("failedIndexes"));
        JsonObject? result = ResultOf(job);
        if (job.Holds("Complete"))
        {
            done.UnionWith(Enumerable.Range(0, plan.Ranges.Count));
        }

        // A worker's last act is a checkpoint: who ended well without one has not run cloudlab, whatever its image is.
        HashSet<int> idle = result is null ? [.. done.Where(index => index < plan.Ranges.Count && checkpoints.GetValueOrDefault(index) is not { Done: true })] : [];
        done.ExceptWith(idle);
        failed.UnionWith(idle);
        LabTransferRange[] ranges = [.. plan.Ranges.Select((range, index) => LabTransferRange.Of(
            index, range, checkpoints.GetValueOrDefault(index), failed.Contains(index) ? "Failed" : done.Contains(index) ? "Done" : null))];
        TransferJobState state = StateOf(job);
        if (state == TransferJobState.Complete && idle.Count > 0)
        {
            state = TransferJobState.Failed;
        }

        DateTimeOffset? ended = state is TransferJobState.Complete or TransferJobState.Failed
            ? ResourceParts.Time(status.Text("completionTime") ?? job.Condition(job.Holds("Failed") ? "Failed" : "Complete")?.Text("lastTransitionTime"))
            : null;
        return new LabTransferJob
        {
            Name = job.Name(),
            Namespace = job.Namespace(),
            Action = plan.Action,
            Source = ObjectName.Uri(plan.Source.Bucket, plan.Source.Prefix),
            Destination = plan.Destination is { } to ? ObjectName.Uri(to.Bucket, to.Prefix) : null,
            State = state,
            Parallelism = (int)(spec.Number("parallelism") ?? 1),
            RangeCount = (int)(spec.Number("completions") ?? ranges.Length),
            RangesDone = done.Count,
            RangesFailed = failed.Count,
            EstimatedObjects = plan.EstimatedObjects,
            EstimatedSize = plan.EstimatedSize,
            Objects = result?.Number("objects") ?? ranges.Sum(range => range.Objects),
            Skipped = result?.Number("skipped") ?? ranges.Sum(range => range.Skipped),
            Size = result?.Number("size") ?? ranges.Sum(range => range.Size),
            FailedCount = ranges.Sum(range => range.Failed),
            Failed = TextList.Of(failures),
            Retries = (int)(result?.Number("retries") ?? Math.Max(status.Number("failed") ?? 0, ranges.Sum(range => Math.Max(0, range.Attempts - 1)))),
            Started = ResourceParts.Time(status.Text("startTime")),
            Ended = ended,
            Problem = problem ?? (idle.Count > 0 ? "workers ended without a checkpoint: their image does not run cloudlab" : null),
            Ranges = ranges,
        };
    }

    private async Task<LabTransferJob> SettleAsync(LabTransferJob job, TransferPlan plan, Func<TransferPlace, StorageClient> open, CancellationToken cancellation)
    {
        JsonObject now = await api.GetAsync(PodRunner.Jobs.Path(job.Namespace, job.Name), cancellation);
        if (ResultOf(now) is null)
        {
            string result = new JsonObject { ["objects"] = job.Objects, ["skipped"] = job.Skipped, ["size"] = job.Size, ["retries"] = job.Retries }.ToJsonString();
            await PatchAsync(
                job.Namespace, job.Name, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [TransferJobManifest.Result] = result } } }, cancellation);
            try
            {
                await Store(plan, open).RemoveAsync(cancellation);
            }
            catch (LabException e) when (e.Kind != LabErrorKind.InvalidArgument)
            {
                reporter.Warning($"Everything is done, but what the job kept in the bucket could not be removed: {e.Message.TrimEnd('.')}. {Store(plan, open).RemovalCommand} removes it.");
            }
        }

        return job;
    }

    private async Task<JsonObject> JobAsync(string ns, string name, CancellationToken cancellation)
    {
        try
        {
            return await api.GetAsync(PodRunner.Jobs.Path(ns, name), cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            await api.RequireNamespaceAsync(ns, cancellation);
            throw new LabException(
                LabErrorKind.NotFound, "NotFound", $"There is no transfer job '{name}' in namespace {ns}.{NearestNames.Say(name, await OthersAsync(ns, cancellation))}", e)
            {
                Target = name, Advice = $"Get-LabTransferJob -Namespace {ns} lists those of the namespace, Get-LabTransferJob -AllNamespaces all. One that has ended is removed after seven days.",
            };
        }
    }

    private async Task<string[]> OthersAsync(string ns, CancellationToken cancellation)
    {
        try
        {
            return await NamesAsync(ns, cancellation).Select(job => job.Name).ToArrayAsync(cancellation);
        }
        catch (LabException)
        {
            // The names are an addition to what is said anyway.
            return [];
        }
    }

    private async Task<TransferPlan> PlanAsync(JsonObject job, CancellationToken cancellation)
    {
        (string name, string ns) = (job.Name(), job.Namespace());
        if (job.Object("metadata")?.Object("annotations")?.Text(TransferJobManifest.Summary) is not { } summary)
        {
            throw new LabException(LabErrorKind.InvalidData, "NotATransferJob", $"The Job '{name}' in namespace {ns} is not a transfer job.")
            {
                Target = name, Advice = $"Get-LabTransferJob -Namespace {ns} lists them.",
            };
        }

        try
        {
            JsonObject map = await api.GetAsync(TransferJobManifest.ConfigMaps.Path(ns, name), cancellation);
            return TransferPlan.Read(map.Object("data")?.Text(TransferJobManifest.PlanFile) ?? summary);
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotFound or LabErrorKind.AccessDenied)
        {
            return TransferPlan.Read(summary);
        }
    }

    // But for those that ended well: there may be thousands of them, and the Job counts them.
    private async Task<IReadOnlyList<JsonObject>> PodsAsync(string ns, string name, CancellationToken cancellation) => await new ResourceStore(api).ItemsAsync(
        PodFinder.Pods, ns, new ResourceFilter("batch.kubernetes.io/job-name=" + name, "status.phase!=Succeeded"), cancellation).ToListAsync(cancellation);

    // The pods, as far as they may be read.
    private async Task<IReadOnlyList<JsonObject>> WorkersAsync(string ns, string name, CancellationToken cancellation)
    {
        try
        {
            return await PodsAsync(ns, name, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return [];
        }
    }

    private async Task<JsonObject> PatchAsync(string ns, string name, JsonObject patch, CancellationToken cancellation) => (await api.SendAsync(
        HttpMethod.Patch, $"{PodRunner.Jobs.Path(ns, name)}?fieldManager=cloudlab", Encoding.UTF8.GetBytes(patch.ToJsonString()), "application/merge-patch+json", cancellation)).Content;

    private async Task DeleteAsync(string ns, string name, CancellationToken cancellation)
    {
        try
        {
            await api.SendAsync(HttpMethod.Delete, PodRunner.Jobs.Path(ns, name), """{"propagationPolicy":"Background"}"""u8.ToArray(), null, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // Its time to live was over.
        }
    }
}
