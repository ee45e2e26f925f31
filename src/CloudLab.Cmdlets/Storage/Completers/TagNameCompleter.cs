using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the names of the tags that the object on the command line has.</summary>
public sealed class TagNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket || Completion.Bound<string>(fakeBoundParameters, "Key") is not { } key
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                string word = Completion.Unquote(wordToComplete);
                LabObjectTag tags = await new ObjectTags(new StorageClient(session))
                    .GetAsync(bucket, key, Completion.Bound<string>(fakeBoundParameters, "VersionId"), cancellation);
                return [.. tags.Tag.Where(tag => tag.Key.StartsWith(word, StringComparison.OrdinalIgnoreCase)).OrderBy(tag => tag.Key, StringComparer.Ordinal)
                    .Select(tag => Completion.Offer(tag.Key, CompletionResultType.ParameterValue, $"{tag.Key}: {tag.Value}"))];
            });
}
