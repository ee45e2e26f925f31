using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Cmdlets.Containers.Completers;

/// <summary>Offers the images in the Docker Engine by name.</summary>
public sealed class ImageCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
        {
            string word = Completion.Unquote(wordToComplete);
            List<CompletionResult> offers = [];
            await foreach (string name in new ImageStore(session).NamesAsync(word, cancellation))
            {
                offers.Add(Completion.Offer(name, CompletionResultType.ParameterValue));
            }

            return offers;
        });
}
