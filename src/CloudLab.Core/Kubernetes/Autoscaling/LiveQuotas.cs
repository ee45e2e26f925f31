using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>What limits the namespaces of a cluster.</summary>
/// <param name="api">The cluster.</param>
public sealed class LiveQuotas(KubernetesApi api)
{
    /// <summary>Reads the ResourceQuotas and LimitRanges of namespaces, with what is used, and the StorageClasses.</summary>
    /// <param name="namespaces">The namespaces.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects. Throws <see cref="LabException"/> (<c>NoQuota</c>) where nothing limits them.</returns>
    public async Task<IReadOnlyList<JsonObject>> ReadAsync(IReadOnlyCollection<string> namespaces, CancellationToken cancellation)
    {
        List<JsonObject> found = [];
        foreach (string ns in namespaces)
        {
            found.AddRange(await ListAsync("ResourceQuota", $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/resourcequotas", cancellation));
            found.AddRange(await ListAsync("LimitRange", $"/api/v1/namespaces/{Uri.EscapeDataString(ns)}/limitranges", cancellation));
        }

        if (found.Count == 0)
        {
            string where = namespaces.Count == 1 ? $"The namespace {namespaces.First()} has" : $"The namespaces {string.Join(", ", namespaces)} have";
            throw new LabException(LabErrorKind.NotFound, "NoQuota", $"{where} no ResourceQuota and no LimitRange, so nothing limits what is made there. Get-LabResource resourcequotas -AllNamespaces lists the others.");
        }

        found.AddRange(await ListAsync("StorageClass", "/apis/storage.k8s.io/v1/storageclasses", cancellation));
        return found;
    }

    /// <summary>How many nodes there are.</summary>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The number; null where they may not be listed.</returns>
    public async Task<int?> NodesAsync(CancellationToken cancellation)
    {
        try
        {
            return (await api.GetAsync("/api/v1/nodes", cancellation)).Objects("items").Count();
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return null;
        }
    }

    private async Task<IEnumerable<JsonObject>> ListAsync(string kind, string path, CancellationToken cancellation)
    {
        try
        {
            JsonObject[] items = [.. (await api.GetAsync(path, cancellation)).Objects("items")];
            foreach (JsonObject item in items)
            {
                item["kind"] = kind;
            }

            return items;
        }
        catch (LabException e) when (kind == "StorageClass" && e.Kind == LabErrorKind.AccessDenied)
        {
            return [];
        }
    }
}
