using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CloudLab.Cmdlets.Pipeline.Completers;

/// <summary>Offers nothing: a text of the user's own. Without a completer PowerShell would offer the names of files.</summary>
public sealed class NothingCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        [];
}
