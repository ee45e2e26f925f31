using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the actions that the Docker Engine reports of containers.</summary>
public sealed class EventActionCompleter : IArgumentCompleter
{
    private static readonly string[] Actions =
    [
        "attach", "commit", "copy", "create", "destroy", "detach", "die", "exec_create", "exec_die", "exec_start", "export", "health_status", "kill", "oom", "pause",
        "rename", "resize", "restart", "start", "stop", "top", "unpause", "update",
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return Actions.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(name => Completion.Offer(name, CompletionResultType.ParameterValue));
    }
}
