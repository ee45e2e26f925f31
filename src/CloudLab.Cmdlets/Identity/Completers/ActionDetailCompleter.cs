using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Cmdlets.Identity.Completers;

/// <summary>Offers the types of resource, or the condition keys, of the actions on the command line; of S3's where there are none.</summary>
public sealed class ActionDetailCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        CompletionRequest request = new(commandName, parameterName, wordToComplete, fakeBoundParameters);
        string pattern = request.First("Action") ?? (request.First("Service") ?? "s3") + ":*";
        bool keys = parameterName.Equals("ConditionKey", StringComparison.OrdinalIgnoreCase);
        IEnumerable<string> names = ActionCatalogue.Match(pattern).SelectMany(action => keys ? action.ConditionKey : action.Resource.Select(resource => resource.Name));
        return Completion.Offers(names.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase), wordToComplete);
    }
}
