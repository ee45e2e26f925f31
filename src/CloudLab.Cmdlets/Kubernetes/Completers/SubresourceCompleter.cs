using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Kubernetes.Completers;

/// <summary>Offers the parts of objects that are changed by themselves.</summary>
public sealed class SubresourceCompleter : IArgumentCompleter
{
    private static readonly string[] Parts = ["status", "scale"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(Parts, wordToComplete);
}
