using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the kinds that the cluster serves, by plural; a short name is offered as its plural.</summary>
public sealed class KindCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ApiCatalog catalog = await KubernetesApi.For(session.Kubernetes).CatalogAsync(cancellation);
        HashSet<string> taken = new(StringComparer.Ordinal);
        IEnumerable<CompletionResult> offers =
            from resource in catalog.Resources
            where resource.Verbs.Contains("list")
            where request.Fits(resource.Plural) || request.Fits(resource.Kind) || resource.ShortNames.Contains(request.Word, StringComparer.OrdinalIgnoreCase)
            // The second group with the same plural needs its group to be meant.
            let text = taken.Add(resource.Plural) ? resource.Plural : resource.Name
            where text == resource.Plural || taken.Add(text)
            orderby text
            select Completion.Offer(
                text, CompletionResultType.ParameterValue,
                $"{resource.Kind} ({resource.ApiVersion}){(resource.ShortNames.Count > 0 ? ", short " + string.Join(", ", resource.ShortNames) : "")}");
        foreach (CompletionResult offer in offers)
        {
            yield return offer;
        }
    }
}
