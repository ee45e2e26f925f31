using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the storage classes that objects can be moved to as they grow old.</summary>
public sealed class ArchiveClassCompleter : IArgumentCompleter
{
    private static readonly string[] Classes = ["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING"];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Classes.Where(name => name.StartsWith(Completion.Unquote(wordToComplete), StringComparison.OrdinalIgnoreCase))
            .Select(name => Completion.Offer(name, CompletionResultType.ParameterValue));
}
