using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the subresources of the kind that stands on the command line.</summary>
public sealed class AccessSubresourceCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ApiCatalog catalog = await KubernetesApi.For(session.Kubernetes).CatalogAsync(cancellation);
        foreach (ApiSubresource part in catalog.Match(request.First("Kind") ?? "pods").SelectMany(resource => resource.Subresources).Where(part => request.Fits(part.Name)).OrderBy(part => part.Name))
        {
            yield return Completion.Offer(part.Name, CompletionResultType.ParameterValue, $"{part.Name}: {string.Join(", ", part.Verbs)}");
        }
    }
}
