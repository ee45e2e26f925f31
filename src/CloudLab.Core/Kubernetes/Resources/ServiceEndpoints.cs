using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>The addresses behind services, from their EndpointSlices.</summary>
/// <param name="api">The cluster.</param>
public sealed class ServiceEndpoints(KubernetesApi api)
{
    /// <summary>Fills in <see cref="LabService.Endpoints"/>.</summary>
    /// <param name="service">The service.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are known.</returns>
    public async Task AddAsync(LabService service, CancellationToken cancellation)
    {
        ApiResource? slices = (await api.CatalogAsync(cancellation)).Find("discovery.k8s.io/v1", "EndpointSlice");
        if (slices is null)
        {
            return;
        }

        SortedSet<string> ready = new(StringComparer.Ordinal);
        ResourceFilter filter = new($"kubernetes.io/service-name={service.Name}");
        await foreach (LabResource slice in new ResourceStore(api).ListAsync(slices, service.Namespace, filter, cancellation))
        {
            ready.UnionWith(((LabEndpointSlice)slice).ReadyAddresses);
        }

        service.Endpoints = [.. ready];
    }
}
