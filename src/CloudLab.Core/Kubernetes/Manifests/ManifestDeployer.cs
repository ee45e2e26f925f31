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
    private const string NameOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
    private const string ApplyPatch = "application/apply-patch+yaml";
    private static readonly TimeSpan DefinitionTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettlingTime = TimeSpan.FromSeconds(10);

    private readonly ManifestResolver resolver = new(api, options);
    private readonly ConcurrentDictionary<string, bool> createdNamespaces = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(ApiResource, string?), Task<Dictionary<string, JsonObject>?>> listed = [];
    private readonly ConcurrentBag<(ResolvedItem Item, ManifestResult Result, WaitTarget Target)> applied = [];
    private readonly ResultQueue results = new();

    /// <summary>Deploys.</summary>
    /// <param name="items">Everything there is to deploy.</param>
    /// <param name="cancellation">Stops; what is deployed stays.</param>
    /// <returns>Results and problems as they come.</returns>
    public IAsyncEnumerable<ManifestOutcome> DeployAsync(IReadOnlyCollection<ManifestItem> items, CancellationToken cancellation) =>
        OutcomeStream.RunAsync(items, RunAsync, cancellation);

    private async Task RunAsync(ManifestItem[] items, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        resolver.NoteDefinitions(items);
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
                await DescribedAsync(Undefined(item), told, cancellation);
                continue;
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                meter.AddItems();
                await results.SkipAsync(item, told, cancellation);
                await told.WriteAsync(new ManifestOutcome(null, e), cancellation);
                continue;
            }

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
            await results.SkipAsync(item.Item, told, cancellation);
            await told.WriteAsync(new ManifestOutcome(null, ManifestResolver.About(
                new LabException(LabErrorKind.NotFound, "KindNotFound", $"the definition of {item.Item.Kind} was not deployed."), item)), cancellation);
        }
    }

    private static ResolvedItem Undefined(ManifestItem item) => new(
        item,
        new ApiResource
        {
            Group = item.Group,
            Version = item.ApiVersion.Split('/')[^1],
            Kind = item.Kind,
            Plural = item.Kind.ToLowerInvariant(),
            Singular = item.Kind.ToLowerInvariant(),
            Namespaced = item.Namespace is not null,
        },
        item.Namespace);

    private async Task ItemAsync(ResolvedItem item, bool many, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        try
        {
            (ManifestAction action, JsonObject result) = await ApplyAsync(item, many, cancellation);
            JsonObject metadata = result.Object("metadata") ?? [];
            ManifestResult result1 = ManifestResolver.Result(item, action, metadata.Text("name"), options.DryRun);
            WaitTarget target = new(item.Resource, item.Namespace, result1.Name, metadata.Text("uid"));
            if (item.Resource is { Kind: "Namespace", Group: "" } && action == ManifestAction.Created)
            {
                createdNamespaces[result1.Name] = true;
            }

            resolver.NoteApplied(item.Item);
            applied.Add((item, result1, target));
            if (!options.Wait || options.DryRun || !Readiness.Applies(item.Resource))
            {
                await results.AddAsync(item.Item, result1, told, cancellation);
            }
        }
        catch (LabException e)
        {
            LabException about = ManifestResolver.About(e, item);
            if (e.StopsCommand)
            {
                throw about;
            }

            await results.SkipAsync(item.Item, told, cancellation);
            await told.WriteAsync(new ManifestOutcome(null, about), cancellation);
        }
    }

    private async Task<(ManifestAction Action, JsonObject Result)> ApplyAsync(ResolvedItem item, bool many, CancellationToken cancellation)
    {
        byte[] body = ApplyBody.Of(item.Item.Content);
        string query = $"?fieldManager={Uri.EscapeDataString(options.FieldManager)}&fieldValidation=Strict{(options.DryRun ? "&dryRun=All" : "")}";
        if (!item.Item.HasName)
        {
            (_, JsonObject made) = await api.SendAsync(
                HttpMethod.Post, item.Resource.Path(item.Namespace) + query, body, null, cancellation);
            return (ManifestAction.Created, made);
        }

        // Server-side apply does not say whether it changed anything; the resource version before and after does.
        JsonObject? before = await BeforeAsync(item, many, cancellation);
        string path = item.Resource.Path(item.Namespace, item.Item.Name) + query + (options.Force ? "&force=true" : "");
        long start = Environment.TickCount64;
        while (true)
        {
            try
            {
                (int code, JsonObject result) = await api.SendAsync(HttpMethod.Patch, path, body, ApplyPatch, cancellation);
                ManifestAction action = code == 201 ? ManifestAction.Created
                    : before is not null && Same(item.Item, before, result) ? ManifestAction.Unchanged
                    : before is null && options.DryRun ? ManifestAction.Created
                    : ManifestAction.Configured;
                return (action, result);
            }
            catch (LabException e) when (options.DryRun && e.StatusCode == 404 && item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace))
            {
                reporter.Verbose($"{item.Description} cannot be checked in a dry run because its namespace does not exist yet");
                return (ManifestAction.Created, item.Item.Content);
            }
            catch (LabException e) when (Settles(e, item) && Environment.TickCount64 - start < SettlingTime.TotalMilliseconds)
            {
                RequestLog.Current.Verbose($"{item.Description}: {e.Message}; the cluster is not ready for it yet, trying again");
                await Task.Delay(200, cancellation);
            }
        }
    }

    // What this run has just created takes the cluster a moment: a definition's URLs, a namespace's service account.
    private bool Settles(LabException e, ResolvedItem item) =>
        (e.StatusCode == 404 && e.Code == "NotFound" && resolver.Brought(item.Resource.Group, item.Resource.Kind)
            && e.Message.Contains("the server could not find the requested resource", StringComparison.Ordinal))
        || (e.StatusCode == 403 && item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace)
            && e.Message.Contains("error looking up service account", StringComparison.Ordinal));

    private async Task<JsonObject?> BeforeAsync(ResolvedItem item, bool many, CancellationToken cancellation)
    {
        if (item.Namespace is not null && createdNamespaces.ContainsKey(item.Namespace))
        {
            return null;
        }

        if (many && !options.DryRun && await listed.GetOrAdd((item.Resource, item.Namespace), key => MetadataAsync(key.Item1, key.Item2, cancellation)) is { } known)
        {
            return known.GetValueOrDefault(item.Item.Name);
        }

        try
        {
            return await api.GetAsync(
                item.Resource.Path(item.Namespace, item.Item.Name), cancellation, options.DryRun ? null : NameOnly);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            return null;
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Who may write secrets often may not read them.
            RequestLog.Current.Verbose($"{item.Description} cannot be read, so it is unknown whether the apply changes it ({e.Message})");
            return null;
        }
    }

    private async Task<Dictionary<string, JsonObject>?> MetadataAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        try
        {
            return await new ResourceStore(api).MetadataAsync(resource, ns, cancellation);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            // Each can still be asked for by its name.
            return null;
        }
    }

    private bool Same(ManifestItem item, JsonObject before, JsonObject after)
    {
        if (!options.DryRun)
        {
            JsonObject was = before.Object("metadata") ?? [], now = after.Object("metadata") ?? [];
            return was.Text("resourceVersion") == now.Text("resourceVersion") || OnlyOthersChanged(item, was, now);
        }

        // Nothing was stored, so the version did not move: the content tells.
        foreach (JsonObject metadata in new[] { before.Object("metadata"), after.Object("metadata") }.OfType<JsonObject>())
        {
            metadata.Remove("managedFields");
            metadata.Remove("resourceVersion");
            metadata.Remove("generation");
        }

        return JsonNode.DeepEquals(before, after);
    }

    // A controller may have written the status between the look and the apply. What was applied is the same where the
    // server kept the time and the fields of the last apply, and counted no change of the spec.
    private bool OnlyOthersChanged(ManifestItem item, JsonObject was, JsonObject now)
    {
        JsonObject wanted = item.Content.Object("metadata") ?? [];
        JsonObject? owned = Applied(was), owns = Applied(now);
        if (owned is null && owns is null)
        {
            // Nothing but a name (a plain Namespace): the second apply only makes the server note who owned the fields before.
            return true;
        }

        return was.Number("generation") is { } generation && generation == now.Number("generation")
            && JsonNode.DeepEquals(owned, owns)
            // The time has seconds only; what is in the metadata does not count as a change of the spec.
            && new[] { "labels", "annotations" }.All(field => (wanted.Object(field) ?? []).All(
                pair => JsonNode.DeepEquals(pair.Value, was.Object(field)?[pair.Key])));
    }

    private JsonObject? Applied(JsonObject metadata) => metadata.Objects("managedFields").FirstOrDefault(
        entry => entry.Text("manager") == options.FieldManager && entry.Text("operation") == "Apply" && entry.Text("subresource") is null or "");

    private async Task EstablishAsync(ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        var definitions = applied.Where(done => done.Target.Resource.Kind == "CustomResourceDefinition" && done.Result.Action != ManifestAction.Unchanged).ToArray();
        if (definitions.Length == 0)
        {
            return;
        }

        await new ResourceWaiter(api, reporter).ReadyAsync(
            [.. definitions.Select(done => done.Target)], DefinitionTime,
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
        await new ResourceWaiter(api, reporter).ReadyAsync(waiting.Keys, options.Timeout, async end =>
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
