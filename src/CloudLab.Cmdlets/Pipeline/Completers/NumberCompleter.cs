using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CloudLab.Cmdlets.Pipeline.Completers;

/// <summary>Base of the completers that offer what runs in this process by number.</summary>
public abstract class NumberCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Running().Select(one => (Text: one.Id.ToString(CultureInfo.InvariantCulture), one.Tip))
            .Where(one => one.Text.StartsWith(wordToComplete, StringComparison.Ordinal))
            .Select(one => Completion.Offer(one.Text, CompletionResultType.ParameterValue, one.Tip));

    /// <summary>What runs, with what tells one from another.</summary>
    /// <returns>Numbers and tips.</returns>
    private protected abstract IEnumerable<(int Id, string Tip)> Running();
}
