using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the names of the objects of the kind that stands on the command line.</summary>
public sealed class NameCompleter : IArgumentCompleter
{
    private const int MostOffers = 200;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string? kind = fakeBoundParameters["Kind"] switch
        {
            string one => one,
            object[] many => many.FirstOrDefault()?.ToString(),
            _ => null,
        };
        return kind is null ? [] : Completion.Ask(fakeBoundParameters, (session, cancellation) => NamesAsync(
            KubernetesApi.For(session.Kubernetes), kind,
            Completion.Bound<string>(fakeBoundParameters, "Namespace") ?? session.Kubernetes.Namespace, wordToComplete, cancellation));
    }

    /// <summary>Names that begin with what is typed.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="kind">What the kind is called.</param>
    /// <param name="ns">Their namespace.</param>
    /// <param name="typed">The word at the cursor.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>What to offer.</returns>
    internal static async Task<IReadOnlyList<CompletionResult>> NamesAsync(
        KubernetesApi api, string kind, string? ns, string typed, CancellationToken cancellation)
    {
        string start = Completion.Unquote(typed);
        List<CompletionResult> offers = [];
        foreach (ApiResource resource in (await api.CatalogAsync(cancellation)).Match(kind).Take(1))
        {
            await foreach (string name in new ResourceStore(api).NamesAsync(resource, ns, cancellation))
            {
                if (name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
                {
                    offers.Add(Completion.Offer(name, CompletionResultType.ParameterValue));
                }

                if (offers.Count == MostOffers)
                {
                    break;
                }
            }
        }

        return offers;
    }
}
