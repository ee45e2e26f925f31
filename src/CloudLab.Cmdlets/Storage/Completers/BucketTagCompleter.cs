using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the names of a bucket's tags.</summary>
public sealed class BucketTagCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                string word = Completion.Unquote(wordToComplete);
                return [.. (await new BucketTagging(new StorageClient(session)).FindAsync(bucket, cancellation)).SelectMany(tags => tags.Tag)
                    .Where(tag => tag.Key.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                    .Select(tag => Completion.Offer(tag.Key, CompletionResultType.ParameterValue, tag.Value))];
            });
}
