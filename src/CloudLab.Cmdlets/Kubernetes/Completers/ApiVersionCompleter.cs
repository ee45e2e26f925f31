using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the groups and versions that the cluster serves, those of the kind on the command line where there is one.</summary>
public sealed class ApiVersionCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ApiCatalog catalog = await KubernetesApi.For(session.Kubernetes).CatalogAsync(cancellation);
        string? kind = request.First("Kind")?.Split('/')[0];
        foreach (string version in (kind is null ? catalog.Resources : catalog.Match(kind)).Select(resource => resource.ApiVersion).Distinct().Order(StringComparer.Ordinal))
        {
            if (request.Fits(version))
            {
                yield return Completion.Offer(version);
            }
        }
    }
}
