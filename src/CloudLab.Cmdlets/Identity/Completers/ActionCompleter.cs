using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers services, and after the colon the actions of the service.</summary>
public sealed class ActionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        int colon = word.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? ActionCatalogue.Services.Where(service => service.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                .Select(service => Completion.Offer(service + ":", CompletionResultType.ParameterValue, ActionCatalogue.ServiceName(service)))
            : ActionCatalogue.Match(word + "*").Select(action => Completion.Offer(action.Action, CompletionResultType.ParameterValue, $"{action.AccessLevel}: {action.Description}"));
    }
}

/// <summary>Offers the prefixes of services.</summary>
public sealed class ServicePrefixCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        ActionCatalogue.Services.Where(service => service.StartsWith(Completion.Unquote(wordToComplete), StringComparison.OrdinalIgnoreCase))
            .Select(service => Completion.Offer(service, CompletionResultType.ParameterValue, ActionCatalogue.ServiceName(service)));
}
