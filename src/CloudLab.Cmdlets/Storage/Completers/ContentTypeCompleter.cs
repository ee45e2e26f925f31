using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers media types.</summary>
public sealed class ContentTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Offers(ContentTypes.Known, wordToComplete);
}
