using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Reads roles and bindings, once for as long as it is kept; those of one namespace where those of all may not be read.</summary>
/// <param name="api">The cluster.</param>
internal sealed class RbacStore(KubernetesApi api)
{
    private readonly ConcurrentDictionary<(string Kind, string Namespace), Task<List<JsonObject>?>> lists = [];

    /// <summary>The roles and bindings that matter in a namespace.</summary>
    /// <param name="ns">The namespace; empty for those of the whole cluster.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>What may be read of them.</returns>
    public async Task<RbacObjects> ReadAsync(string ns, CancellationToken cancellation)
    {
        string[] kinds = ["ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"];
        List<JsonObject>?[] found = await Task.WhenAll(kinds.Select(kind => ReadAsync(kind, ns))).WaitAsync(cancellation);
        return new RbacObjects(found[0] ?? [], found[1] ?? [], found[2] ?? [], found[3] ?? [])
        {
            Unreadable = [.. kinds.Where((_, i) => found[i] is null).Select(kind => ResourceOf(kind).Name)],
        };
    }

    private async Task<List<JsonObject>?> ReadAsync(string kind, string ns)
    {
        List<JsonObject>? all = await lists.GetOrAdd((kind, ""), _ => ListAsync(kind, null));
        return all is not null || ns.Length == 0 || !ResourceOf(kind).Namespaced ? all : await lists.GetOrAdd((kind, ns), _ => ListAsync(kind, ns));
    }

    private async Task<List<JsonObject>?> ListAsync(string kind, string? ns)
    {
        try
        {
            // Not bound to one caller's cancellation: the others want them, too.
            return await new ResourceStore(api).ItemsAsync(ResourceOf(kind), ns, ResourceFilter.None, CancellationToken.None).ToListAsync();
        }
        catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
        {
            return null;
        }
    }

    private static ApiResource ResourceOf(string kind) => new()
    {
        Group = "rbac.authorization.k8s.io",
        Version = "v1",
        Kind = kind,
        Plural = kind.ToLowerInvariant() + "s",
        Singular = kind.ToLowerInvariant(),
        Namespaced = !kind.StartsWith("Cluster", StringComparison.Ordinal),
    };
}
