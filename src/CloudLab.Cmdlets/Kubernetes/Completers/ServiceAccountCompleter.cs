using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers service accounts as <c>namespace:name</c>.</summary>
public sealed class ServiceAccountCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        KubernetesApi api = KubernetesApi.For(session.Kubernetes);
        int offers = 0;
        foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Match("serviceaccounts"))
        {
            await foreach (LabResource account in new ResourceStore(api).ListAsync(resource, null, ResourceFilter.None, cancellation))
            {
                if (request.Fits($"{account.Namespace}:{account.Name}") && offers++ < Completion.MostOffers)
                {
                    yield return Completion.Offer($"{account.Namespace}:{account.Name}");
                }
            }
        }
    }
}
