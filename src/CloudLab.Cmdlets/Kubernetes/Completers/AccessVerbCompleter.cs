using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers verbs: those of the API, and those that only roles know.</summary>
public sealed class AccessVerbCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(AccessReviewer.Verbs, wordToComplete);
}
