using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Rollouts;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Removes what a manifest describes, in the reverse of the order in which it is deployed. With a wait, each wave is gone
/// before the next one goes: a controller outlives the objects whose finalizers it must run.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="options">How to remove.</param>
/// <param name="reporter">Who sees the progress.</param>
public sealed class ManifestRemover(KubernetesApi api, ManifestOptions options, IReporter reporter)
{
    private readonly ManifestResolver resolver = new(api, options);

    /// <summary>Removes.</summary>
    /// <param name="items">Everything there is to remove.</param>
    /// <param name="cancellation">Stops; what is removed stays so.</param>
    /// <returns>Results and problems as they come.</returns>
    public IAsyncEnumerable<ManifestOutcome> RemoveAsync(IReadOnlyCollection<ManifestItem> items, CancellationToken cancellation) =>
        OutcomeStream.RunAsync(items, RunAsync, cancellation);

    private async Task RunAsync(ManifestItem[] items, ChannelWriter<ManifestOutcome> told, CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, $"Removing from {api.Address}");
        meter.Expect(items.Length);
        foreach (IGrouping<int, ManifestItem> wave in items.GroupBy(ManifestOrder.WaveOf).OrderByDescending(wave => wave.Key))
        {
            await WaveAsync([.. wave], told, meter, cancellation);
        }
    }

    private async Task WaveAsync(ManifestItem[] items, ChannelWriter<ManifestOutcome> told, ProgressMeter meter, CancellationToken cancellation)
    {
        List<ResolvedItem> resolved = [];
        foreach (ManifestItem item in items)
        {
            ResolvedItem found;
            try
            {
                found = !item.HasName
                    ? throw NoName(item)
                    : await resolver.ResolveAsync(item, cancellation);
            }
            catch (LabException e) when (!e.StopsCommand)
            {
                meter.AddItems();
                if (e.Code == "KindNotFound" && !options.ErrorOnNotFound && await IsCustomAsync(item.Group, cancellation))
                {
                    // Its definition is gone, so it is too.
                    reporter.Verbose($"{item.Kind}/{item.Name} does not exist: the cluster has no kind {item.Kind} in {item.ApiVersion}");
                    continue;
                }

                await told.WriteAsync(new ManifestOutcome(null, e), cancellation);
                continue;
            }

            bool again = resolved.Exists(other => other.Resource == found.Resource && other.Namespace == found.Namespace && other.Item.Name == item.Name);
            if (!again && (options.Approve is null || await options.Approve($"{found.Description} on {api.Address}", options.DryRun ? "Remove (dry run)" : "Remove")))
            {
                resolved.Add(found);
            }
        }

        Dictionary<WaitTarget, ResolvedItem> going = [];
        await Parallel.ForEachAsync(
            resolved, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.ThrottleLimit), CancellationToken = cancellation },
            async (item, token) =>
            {
                try
                {
                    WaitTarget? target = await RemoveAsync(item, token);
                    if (target is null || !options.Wait || options.DryRun)
                    {
                        ManifestResult result = ManifestResolver.Result(
                            item, target is null ? ManifestAction.Absent : ManifestAction.Removed, dryRun: options.DryRun);
                        await told.WriteAsync(new ManifestOutcome(result, null), token);
                    }
                    else
                    {
                        lock (going)
                        {
                            going[target] = item;
                        }
                    }
                }
                catch (LabException e)
                {
                    LabException about = ManifestResolver.About(e, item);
                    if (e.StopsCommand)
                    {
                        throw about;
                    }

                    await told.WriteAsync(new ManifestOutcome(null, about), token);
                }

                meter.AddItems();
            });

        await new ResourceWaiter(api, reporter).GoneAsync(
            going.Keys, options.Timeout,
            end => told.WriteAsync(
                end.Problem is not null
                    ? new ManifestOutcome(null, end.Problem)
                    : new ManifestOutcome(ManifestResolver.Result(going[end.Target], ManifestAction.Removed) with { State = end.Seen }, null),
                cancellation).AsTask(),
            cancellation);
        if (going.Keys.Any(target => target.Resource.Kind == "CustomResourceDefinition"))
        {
            api.ForgetCatalog();
        }
    }

    // A group of *.k8s.io that the cluster does not have was brought by definitions, too (gateway.networking.k8s.io).
    private async Task<bool> IsCustomAsync(string group, CancellationToken cancellation) =>
        !ApiResource.IsBuiltIn(group)
        || (group.Contains('.', StringComparison.Ordinal) && !(await api.CatalogAsync(cancellation)).Resources.Any(r => r.Group == group));

    private static LabException NoName(ManifestItem item) => new(
        LabErrorKind.InvalidData, "ManifestInvalid", $"{item.Place}: the {item.Kind} has no 'metadata.name', so it is unclear which one to remove.");

    private async Task<WaitTarget?> RemoveAsync(ResolvedItem item, CancellationToken cancellation)
    {
        // Said always: a Job's own default would leave its pods behind.
        JsonObject body = new() { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = options.Propagation.ToString() };
        if (options.GracePeriod is { } seconds)
        {
            body["gracePeriodSeconds"] = seconds;
        }

        if (options.DryRun)
        {
            body["dryRun"] = new JsonArray("All");
        }

        try
        {
            (_, JsonObject answer) = await api.SendAsync(
                HttpMethod.Delete, item.Resource.Path(item.Namespace, item.Item.Name), Encoding.UTF8.GetBytes(body.ToJsonString()), null, cancellation);
            // The object itself where it takes its time to go, else a Status whose details name it.
            string? uid = answer.Text("kind") == "Status" ? answer.Object("details")?.Text("uid") : answer.Uid();
            return new WaitTarget(item.Resource, item.Namespace, item.Item.Name, uid);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound && !options.ErrorOnNotFound)
        {
            reporter.Verbose($"{item.Description} does not exist");
            return null;
        }
    }
}
