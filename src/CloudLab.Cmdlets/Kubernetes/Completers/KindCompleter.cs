using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the kinds that the cluster serves, by plural; a short name is offered as its plural.</summary>
public sealed class KindCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = Completion.Unquote(wordToComplete);
        return Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
        {
            ApiCatalog catalog = await KubernetesApi.For(session.Kubernetes).CatalogAsync(cancellation);
            HashSet<string> taken = new(StringComparer.Ordinal);
            return
            [
                .. from resource in catalog.Resources
                   where resource.Verbs.Contains("list")
                   where resource.Plural.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
                       || resource.Kind.StartsWith(typed, StringComparison.OrdinalIgnoreCase)
                       || resource.ShortNames.Contains(typed, StringComparer.OrdinalIgnoreCase)
                   // The second group with the same plural needs its group to be meant.
                   let text = taken.Add(resource.Plural) ? resource.Plural : resource.Name
                   where text == resource.Plural || taken.Add(text)
                   orderby text
                   select Completion.Offer(
                       text, CompletionResultType.ParameterValue,
                       $"{resource.Kind} ({resource.ApiVersion}){(resource.ShortNames.Count > 0 ? ", short " + string.Join(", ", resource.ShortNames) : "")}"),
            ];
        });
    }
}
