using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers what objects can be waited for.</summary>
public sealed class WaitConditionCompleter : IArgumentCompleter
{
    private static readonly string[] Conditions = ["Ready", "Available", "Complete", "Deleted", "Exists", "Condition=", "jsonpath="];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(Conditions, wordToComplete);
}
