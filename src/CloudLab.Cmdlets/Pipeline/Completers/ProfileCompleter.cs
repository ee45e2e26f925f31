using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CloudLab.Cmdlets.Pipeline.Completers;

/// <summary>Offers the profiles of the shared AWS files.</summary>
public sealed class ProfileCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, (session, _) => Task.FromResult<IReadOnlyList<CompletionResult>>(
            [.. Completion.Offers(session.Aws.Profiles, wordToComplete)]));
}
