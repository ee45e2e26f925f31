using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the names of text encodings.</summary>
public sealed class EncodingCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(["utf8", "utf8BOM", "unicode", "bigendianunicode", "utf32", "ascii", "latin1"], wordToComplete);
}
