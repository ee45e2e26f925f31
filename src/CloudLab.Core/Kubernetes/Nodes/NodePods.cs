using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>The pods on nodes.</summary>
/// <param name="api">The cluster.</param>
public sealed class NodePods(KubernetesApi api)
{
    private ILookup<string, JsonObject>? all;
    private LabException? refusal;

    /// <summary>Fills in what the pods of a node request. Who may not read pods gets the node without.</summary>
    /// <param name="node">The node.</param>
    /// <param name="alone">True where it is the only one, so that only its pods are read; else those of all nodes are read, once.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are added up.</returns>
    public async Task AllocateAsync(LabNode node, bool alone, CancellationToken cancellation)
    {
        if (refusal is not null)
        {
            return;
        }

        try
        {
            if (alone)
            {
                node.Allocate(await OfAsync(node.Name, null, cancellation));
                return;
            }

            all ??= (await ListAsync(ResourceFilter.None, cancellation)).ToLookup(pod => pod.Object("spec")?.Text("nodeName") ?? "", StringComparer.Ordinal);
            node.Allocate(all[node.Name]);
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            refusal = e;
            RequestLog.Current.Warning($"What the pods of the nodes request is left out, because you may not list pods in all namespaces: {e.Message}");
        }
    }

    /// <summary>The pods that are bound to a node.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="labelSelector">Which pods; null for all.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The pods of all namespaces.</returns>
    internal Task<List<JsonObject>> OfAsync(string node, string? labelSelector, CancellationToken cancellation) => ListAsync(On(node, labelSelector), cancellation);

    /// <summary>What selects the pods of a node.</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="labelSelector">Which pods; null for all.</param>
    /// <returns>The filter.</returns>
    internal static ResourceFilter On(string node, string? labelSelector) => new(labelSelector, "spec.nodeName=" + node);

    private async Task<List<JsonObject>> ListAsync(ResourceFilter filter, CancellationToken cancellation) =>
        await new ResourceStore(api).ItemsAsync(PodFinder.Pods, null, filter, cancellation).ToListAsync(cancellation);
}
