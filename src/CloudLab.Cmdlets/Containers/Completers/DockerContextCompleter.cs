using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the docker CLI's contexts.</summary>
public sealed class DockerContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, (session, _) => Task.FromResult<IReadOnlyList<CompletionResult>>(
        [
            .. session.Docker.Contexts
                .Where(name => name.StartsWith(Completion.Unquote(wordToComplete), StringComparison.OrdinalIgnoreCase))
                .Select(name => Completion.Offer(name, CompletionResultType.ParameterValue)),
        ]));
}
