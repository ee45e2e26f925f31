using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the contexts of the kubeconfig.</summary>
public sealed class ContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = Completion.Unquote(wordToComplete);
        return Completion.Ask(fakeBoundParameters, (session, _) => Task.FromResult<IReadOnlyList<CompletionResult>>(
        [
            .. session.Kubernetes.Contexts
                .Where(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
                .Select(name => Completion.Offer(name, CompletionResultType.ParameterValue)),
        ]));
    }
}
