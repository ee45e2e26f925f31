using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>Lists of a cluster, each read once for all who ask, and which could not be read.</summary>
/// <param name="api">The cluster.</param>
internal sealed class ClusterLists(KubernetesApi api)
{
    private readonly ConcurrentDictionary<(string Kind, string? Namespace), Lazy<Task<IReadOnlyList<JsonObject>?>>> lists = [];
    private readonly ConcurrentDictionary<string, LabException> unread = new(StringComparer.Ordinal);

    /// <summary>The kinds that could not be read, with what the server said: <c>secrets</c>.</summary>
    public IReadOnlyDictionary<string, LabException> Unread => unread;

    /// <summary>Reads a list.</summary>
    /// <param name="kind">Kind, as <see cref="ApiResource.Name"/> writes it: <c>ingresses.networking.k8s.io</c>.</param>
    /// <param name="ns">The namespace; null for all of them.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects; none where the cluster does not have the kind, null where they may not be read.</returns>
    public async Task<IReadOnlyList<JsonObject>?> ReadAsync(string kind, string? ns, CancellationToken cancellation)
    {
        ApiResource? resource = (await api.CatalogAsync(cancellation)).Resources.FirstOrDefault(r => r.Name == kind && r.Verbs.Contains("list"));
        return resource is null ? [] : await ReadAsync(resource, ns, cancellation);
    }

    /// <summary>The same for a kind that is known.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="ns">The namespace; null for all of them.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The objects; null where they may not be read.</returns>
    public Task<IReadOnlyList<JsonObject>?> ReadAsync(ApiResource resource, string? ns, CancellationToken cancellation) =>
        lists.GetOrAdd((resource.Name, resource.Namespaced ? ns : null), key => new(() => ListAsync(resource, key.Namespace, cancellation))).Value;

    private async Task<IReadOnlyList<JsonObject>?> ListAsync(ApiResource resource, string? ns, CancellationToken cancellation)
    {
        List<JsonObject> found = [];
        try
        {
            await foreach (JsonObject item in new ResourceStore(api).ItemsAsync(resource, ns, ResourceFilter.None, cancellation))
            {
                // What is in a list does not say what it is.
                (item["apiVersion"], item["kind"]) = (resource.ApiVersion, resource.Kind);
                found.Add(item);
            }
        }
        catch (LabException e) when (e.Kind == LabErrorKind.NotFound)
        {
            // A kind that was removed since the catalog was read.
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            unread[resource.Name] = e;
            return null;
        }

        unread.TryRemove(resource.Name, out _);
        return found;
    }
}
