using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>
/// Workloads whose replicas a HorizontalPodAutoscaler decides. A manifest that still has <c>spec.replicas</c> would set them back, so the
/// field is left out of what is applied.
/// </summary>
/// <param name="api">The cluster.</param>
/// <param name="reporter">Who hears of what is left out.</param>
internal sealed class ScaledWorkloads(KubernetesApi api, IReporter reporter)
{
    private const string Replicas = "replicas";

    private readonly ConcurrentDictionary<string, Task<List<JsonObject>?>> autoscalers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> told = new(StringComparer.Ordinal);
    private readonly List<(string? Namespace, JsonObject Target)> ours = [];

    /// <summary>Notes the autoscalers of a manifest: one that is applied again after it was deleted comes after its workload.</summary>
    /// <param name="items">The manifest.</param>
    public void Note(IEnumerable<ManifestItem> items) => ours.AddRange(
        from item in items
        where item is { Kind: "HorizontalPodAutoscaler", Group: "autoscaling" }
        let target = item.Content.Object("spec")?.Object("scaleTargetRef")
        where target is not null
        select (item.Namespace, target));

    /// <summary>What of an object is to be applied.</summary>
    /// <param name="item">The object.</param>
    /// <param name="before">The object as it is, or its metadata.</param>
    /// <param name="manager">Who applies.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The object itself, or a copy without replicas or with those that there are.</returns>
    public async Task<JsonObject> WantedAsync(ResolvedItem item, JsonObject before, string manager, CancellationToken cancellation)
    {
        if (item.Namespace is null || item.Item.Content.Object("spec")?[Replicas] is not { } wanted)
        {
            return item.Item.Content;
        }

        JsonObject[] owners = [.. (before.Object("metadata") ?? []).Objects("managedFields").Where(entry => OwnedFields.Has(OwnedFields.Of(entry), "spec", Replicas))];
        JsonObject? scaler = Array.Find(owners, entry => entry.Text("manager") == "kube-controller-manager" && entry.Text("subresource") == "scale");
        List<JsonObject>? known = await AutoscalersAsync(item.Namespace, cancellation);
        string? name = known?.FirstOrDefault(hpa => hpa.Object("spec")?.Object("scaleTargetRef") is { } target && Targets(target, item))?.Object("metadata")?.Text("name");
        bool comes = ours.Exists(own => (own.Namespace ?? item.Namespace) == item.Namespace && Targets(own.Target, item));

        // Without an autoscaler, what one left behind is a conflict as any other: -Force sets it.
        if (name is null && (scaler is null || (known is not null && !comes)))
        {
            return item.Item.Content;
        }

        JsonObject applied = (JsonObject)item.Item.Content.DeepClone();
        JsonObject spec = applied.Object("spec")!;
        JsonObject live = before.Object("spec") is not null ? before : await api.GetAsync(item.Resource.Path(item.Namespace, item.Item.Name), cancellation);
        JsonNode? now = live.Object("spec")?[Replicas];
        string message = $"{item.Description}: {(name is null ? "a HorizontalPodAutoscaler" : $"the HorizontalPodAutoscaler '{name}'")} decides about replicas, so spec.replicas ({wanted.ToJsonString()}) is left out";
        if (JsonNode.DeepEquals(now, wanted))
        {
            reporter.Verbose(message);
        }
        else if (told.TryAdd(item.Description, true))
        {
            // Once, though an object that is written meanwhile is looked at again.
            reporter.Warning($"{message}: there are {now?.ToJsonString() ?? "none"}. Remove it from the manifest.");
        }

        if (owners.Any(entry => entry.Text("manager") != manager || entry.Text("operation") != "Apply"))
        {
            spec.Remove(Replicas);
            return applied;
        }

        // Nobody else owns it: left out, it would fall back to 1. Only while nobody has scaled meanwhile.
        spec[Replicas] = now?.DeepClone();
        applied.Object("metadata")!["resourceVersion"] = live.Object("metadata")?.Text("resourceVersion");
        return applied;
    }

    /// <summary>Whether an autoscaler decides about the replicas of an object.</summary>
    /// <param name="item">The object.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>True if so.</returns>
    public async Task<bool> IsScaledAsync(ResolvedItem item, CancellationToken cancellation) =>
        item.Namespace is not null && await AutoscalersAsync(item.Namespace, cancellation) is { } known
        && known.Exists(hpa => hpa.Object("spec")?.Object("scaleTargetRef") is { } target && Targets(target, item));

    private static bool Targets(JsonObject target, ResolvedItem item) =>
        target.Text("kind") == item.Resource.Kind && target.Text("name") == item.Item.Name
        && (target.Text("apiVersion")?.Split('/') is not [var group, _] || group == item.Resource.Group);

    private Task<List<JsonObject>?> AutoscalersAsync(string ns, CancellationToken cancellation) =>
        autoscalers.GetOrAdd(ns, async name =>
        {
            if ((await api.CatalogAsync(cancellation)).Resources.FirstOrDefault(r => r is { Kind: "HorizontalPodAutoscaler", Group: "autoscaling" }) is not { } kind)
            {
                return [];
            }

            try
            {
                return [.. (await api.GetAsync(kind.Path(name), cancellation)).Objects("items")];
            }
            catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
            {
                // Who wrote the replicas last is all there is to go by.
                RequestLog.Current.Verbose($"Autoscalers in namespace {name} cannot be read ({e.Message})");
                return null;
            }
        });
}
