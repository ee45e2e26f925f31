using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the caller's buckets.</summary>
public sealed class BucketCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
        {
            string word = Completion.Unquote(wordToComplete);
            List<CompletionResult> offers = [];
            await foreach (LabBucket bucket in new BucketStore(new StorageClient(session)).ListAsync(word.Length > 0 ? word : null, cancellation))
            {
                offers.Add(Completion.Offer(bucket.Bucket, CompletionResultType.ParameterValue, bucket.Region));
            }

            return offers;
        });
}
