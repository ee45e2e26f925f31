using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Deploys manifests by server-side apply: wave after wave (<see cref="ManifestOrder"/>), many objects of a wave at the same
/// time. A document with a mistake, and an object that the server refuses, are problems of their own; the others go on.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How to deploy.</param>
/// <param name="reporter">Who sees the progress.</param>
public sealed class ManifestDeployer(KubernetesApi api, ManifestOptions options, IReporter reporter)
{
    private const int ListInsteadOfGet = 8;
    private static readonly TimeSpan DefinitionTime = TimeSpan.FromSeconds(60);

    private readonly ManifestResolver resolver = new(api, options);
    private readonly ScaledWorkloads scaled = new(api, reporter);
    private readonly ConfigRestarts restarts = new(api, options, reporter);
    private readonly ConcurrentBag<(ResolvedItem Item, ManifestResult Result, WaitTarget Target)> applied = [];
    private readonly ConcurrentBag<JsonObject> rolling = [];
    private readonly ResultQueue results = new();
    private ObjectApplier applier = null!;
    private ApplySet? set;
    private int problems;

    /// <summary>Deploys.</summary>
    /// <param name="items">Everything there is to deploy.</param>
    /// <param name="cancellation">Stops; what is deployed stays.</param>
    /// <returns>Results and problems as they come.</returns>
    public IAsyncEnumerable<ManifestOutcome> DeployAsync(IReadOnlyCollection<ManifestItem> items, CancellationToken cancellation)
    {
        problems = items.Count(item => item.Problem is not null);
        return OutcomeStream.RunAsync(items, RunAsync, cancellation);
    }

    private async Task RunAsync(ManifestItem[] items, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        resolver.NoteDefinitions(items);
        scaled.Note(items);
        applier = new ObjectApplier(api, options, resolver, scaled, reporter);
        if (options.ApplySet is not null)
        {
            set = new ApplySet(api, options, reporter);
            await set.OpenAsync(items, cancellation);
        }

        using ProgressMeter meter = new(reporter, $"Deploying to {api.Address}");
        meter.Expect(items.Length);
        IGrouping<int, ManifestItem>[] waves = [.. items.GroupBy(ManifestOrder.WaveOf).OrderBy(wave => wave.Key)];
        results.Expect(waves.SelectMany(wave => wave));
        try
        {
            foreach (IGrouping<int, ManifestItem> wave in waves)
            {
                await WaveAsync(wave.Key, [.. wave], told, meter, cancellation);
            }

            await RestartOthersAsync(told, cancellation);
            await PruneAsync(told, cancellation);
            if (options.Wait && !options.DryRun)
            {
                await WaitAsync(told, cancellation);
            }
        }
        finally
        {
            // What was done is told, whatever ended the rest: also what was still waited for, without a state.
            foreach (var (item, result, _) in applied)
            {
                results.Note(item.Item, result);
            }

            await results.FlushAsync(told, cancellation);
        }
    }

    private async Task WaveAsync(
        int number, ManifestItem[] items, ChannelWriter<ManifestOutcome> told, ProgressMeter meter, CancellationToken cancellation)
    {
        List<ResolvedItem> resolved = [];
        foreach (ManifestItem item in items)
        {
            ResolvedItem found;
            try
            {
                found = await resolver.ResolveAsync(item, cancellation);
            }
            catch (LabException e) when (e.Code == "KindNotFound" && resolver.OnlyDescribed(item))
            {
                meter.AddItems();
                await DescribedAsync(resolver.Undefined(item), told, cancellation);
                continue;
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                meter.AddItems();
                await FailAsync(item, e, told, cancellation);
                continue;
            }

            set?.Keep(found);
            if (await ApprovedAsync(found))
            {
                resolved.Add(found);
            }
            else
            {
                await results.SkipAsync(item, told, cancellation);
            }
        }

        // The same object twice: one after the other, so that the later document wins as it does with kubectl.
        ResolvedItem[][] chains = [.. resolved.GroupBy(item => (item.Resource.Name, item.Namespace, item.Item.Name)).Select(chain => chain.ToArray())];
        Dictionary<(ApiResource, string?), int> sizes = resolved
            .GroupBy(item => (item.Resource, item.Namespace)).ToDictionary(group => group.Key, group => group.Count());
        await Parallel.ForEachAsync(
            chains, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.ThrottleLimit), CancellationToken = cancellation },
            async (chain, token) =>
            {
                foreach (ResolvedItem item in chain)
                {
                    await ItemAsync(item, sizes[(item.Resource, item.Namespace)] >= ListInsteadOfGet, told, token);
                    meter.AddItems();
                }
            });

        if (number == ManifestOrder.Definitions && !options.DryRun)
        {
            await EstablishAsync(told, cancellation);
        }
    }

    private async Task<bool> ApprovedAsync(ResolvedItem item) => options.Approve is null
        || await options.Approve($"{item.Description} on {api.Address}", options.DryRun ? "Apply (dry run)" : "Apply");

    // A custom resource whose definition was only tried, or not approved: nothing can be sent.
    private async Task DescribedAsync(ResolvedItem item, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        if (!await ApprovedAsync(item))
        {
            await results.SkipAsync(item.Item, told, cancellation);
            return;
        }

        if (options.DryRun)
        {
            reporter.Verbose($"{item.Description} cannot be checked in a dry run because its definition does not exist yet");
            await results.AddAsync(item.Item, ManifestResolver.Result(item, ManifestAction.Created, dryRun: true), told, cancellation);
        }
        else
        {
            await FailAsync(item.Item, ManifestResolver.About(
                new LabException(LabErrorKind.NotFound, "KindNotFound", $"the definition of {item.Item.Kind} was not deployed."), item), told, cancellation);
        }
    }

    private async Task ItemAsync(ResolvedItem item, bool many, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        try
        {
            AppliedObject done = await ApplyAsync(item, many, cancellation);
            JsonObject metadata = done.After.Object("metadata") ?? [];
            ManifestResult result = ManifestResolver.Result(item, done.Action, metadata.Text("name"), options.DryRun) with
            {
                ChangedPaths = done.Changes is { } changes ? [.. changes.Select(change => change.Path)] : null,
            };
            if (item.Resource is { Kind: "Namespace", Group: "" } && done.Action == ManifestAction.Created)
            {
                applier.NoteNamespace(result.Name);
            }

            set?.Keep(item, result.Name);
            resolver.NoteApplied(item.Item);
            JsonObject now = done.After;
            if (options.RestartOnConfigChange)
            {
                restarts.Note(item, result, done);
                (result, now) = await restarts.RestartAsync(item, result, done, cancellation);
            }

            WaitTarget target = new(item.Resource, item.Namespace, result.Name, metadata.Text("uid"));
            applied.Add((item, result, target));
            if (!options.Wait || options.DryRun || !Readiness.Applies(item.Resource))
            {
                await results.AddAsync(item.Item, result, told, cancellation);
            }
            else
            {
                rolling.Add(now);
            }
        }
        catch (LabException e)
        {
            LabException about = ManifestResolver.About(e, item);
            if (e.StopsCommand)
            {
                throw about;
            }

            await FailAsync(item.Item, about, told, cancellation);
        }
    }

    private async Task<AppliedObject> ApplyAsync(ResolvedItem item, bool many, CancellationToken cancellation)
    {
        try
        {
            return await applier.ApplyAsync(item, many, cancellation);
        }
        catch (LabException e) when (ObjectApplier.IsImmutable(e))
        {
            if (!options.Replace)
            {
                throw new LabException(e.Kind, e.Code, $"{e.Message.TrimEnd('.')}. It cannot be changed in place: -Replace deletes it and creates it anew.", e)
                {
                    StatusCode = e.StatusCode,
                    Advice = "Leave the field as it is, or use -Replace, which deletes the object with all it owns and creates it anew.",
                };
            }

            if (options.ApproveLoss is not null && !await options.ApproveLoss($"{item.Description} on {api.Address}", "Delete and create anew"))
            {
                throw new LabException(e.Kind, e.Code, $"{e.Message.TrimEnd('.')}. It was not replaced.", e) { StatusCode = e.StatusCode };
            }

            return await applier.ReplaceAsync(item, cancellation);
        }
    }

    private async Task FailAsync(ManifestItem item, LabException problem, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        Interlocked.Increment(ref problems);
        await results.SkipAsync(item, told, cancellation);
        await told.WriteAsync(new ManifestOutcome(null, problem), cancellation);
    }

    // Workloads that the manifest does not have, but that use what it changed.
    private async Task RestartOthersAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        if (!options.RestartOnConfigChange)
        {
            return;
        }

        await foreach ((ResolvedItem item, JsonObject? after, ManifestResult? result, LabException? problem) in restarts.OthersAsync(
            [.. applied.Select(done => done.Target)], cancellation))
        {
            if (result is not null && options.Wait && !options.DryRun)
            {
                results.Expect([item.Item]);
                applied.Add((item, result, new WaitTarget(item.Resource, item.Namespace, result.Name, null)));
                rolling.Add(after!);
            }
            else
            {
                await told.WriteAsync(new ManifestOutcome(result, problem), cancellation);
            }
        }
    }

    private async Task PruneAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        if (set is null)
        {
            return;
        }

        if (problems > 0)
        {
            if (options.Prune)
            {
                reporter.Warning("Nothing is pruned, because not everything could be deployed.");
            }

            return;
        }

        if (!options.Prune)
        {
            await set.CloseAsync(exact: false, cancellation);
            return;
        }

        List<ManifestItem> left = await set.LeftOverAsync(cancellation);
        if (left.Count > 0 && set.IsEmpty && options.ApproveLoss is not null
            && !await options.ApproveLoss($"apply set {options.ApplySet} on {api.Address}", $"Prune all {left.Count} objects, because the manifest is empty"))
        {
            return;
        }

        int done = 0;
        ManifestOptions removal = options with { Namespace = null, Approve = options.Approve is null ? null : (target, _) => options.Approve(target, options.DryRun ? "Prune (dry run)" : "Prune") };
        await foreach (ManifestOutcome outcome in new ManifestRemover(api, removal, reporter).RemoveAsync(left, cancellation))
        {
            done += outcome.Result is null ? 0 : 1;
            await told.WriteAsync(
                outcome.Result is { } gone ? new ManifestOutcome(gone with { Action = ManifestAction.Pruned, Source = $"apply set {options.ApplySet}" }, null) : outcome, cancellation);
        }

        // What was not removed still belongs to it.
        await set.CloseAsync(exact: done == left.Count, cancellation);
    }

    private async Task EstablishAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        var definitions = applied.Where(done => done.Target.Resource.Kind == "CustomResourceDefinition" && done.Result.Action != ManifestAction.Unchanged).ToArray();
        if (definitions.Length == 0)
        {
            return;
        }

        await new ResourceWaiter(api, reporter).ReadyAsync(
            [.. definitions.Select(done => done.Target)], [], DefinitionTime,
            end => end.Problem is not null && !options.Wait
                ? told.WriteAsync(new ManifestOutcome(null, end.Problem), cancellation).AsTask()
                : Task.CompletedTask,
            cancellation);
        api.ForgetCatalog();
    }

    private async Task WaitAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        // The same object twice in the manifest is one to wait for.
        Dictionary<WaitTarget, (ManifestItem Item, ManifestResult Result)[]> waiting = applied
            .Where(done => Readiness.Applies(done.Target.Resource))
            .GroupBy(done => done.Target)
            .ToDictionary(same => same.Key, same => same.Select(done => (done.Item.Item, done.Result)).ToArray());
        await new ResourceWaiter(api, reporter).ReadyAsync(waiting.Keys, rolling, options.Timeout, async end =>
        {
            if (end.Problem is not null)
            {
                foreach ((ManifestItem item, _) in waiting[end.Target])
                {
                    await results.SkipAsync(item, told, cancellation);
                }

                await told.WriteAsync(new ManifestOutcome(null, end.Problem), cancellation);
                return;
            }

            foreach ((ManifestItem item, ManifestResult result) in waiting[end.Target])
            {
                await results.AddAsync(item, result with { State = end.Seen }, told, cancellation);
            }
        }, cancellation);
    }
}
