using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the restart policies of containers.</summary>
public sealed class RestartPolicyCompleter : IArgumentCompleter
{
    private static readonly string[] Policies = ["no", "always", "unless-stopped", "on-failure"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return Policies.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(name => Completion.Offer(name, CompletionResultType.ParameterValue));
    }
}
