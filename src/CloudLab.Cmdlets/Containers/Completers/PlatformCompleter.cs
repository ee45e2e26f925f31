using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the platforms that images are usually built for.</summary>
public sealed class PlatformCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        // Both "linux/arm64" and its second half are what people begin to type.
        string word = Completion.Unquote(wordToComplete);
        return PlatformName.Common
            .Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)
                || name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..].StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(name => Completion.Offer(name, CompletionResultType.ParameterValue));
    }
}
