using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the keys that unfinished uploads go to.</summary>
public sealed class UploadKeyCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                HashSet<string> keys = [];
                await foreach (LabMultipartUpload upload in new MultipartUploadStore(new StorageClient(session))
                    .ListAsync(bucket, Completion.Unquote(wordToComplete), TimeSpan.Zero, cancellation))
                {
                    keys.Add(upload.Key);
                }

                return [.. keys.Select(key => Completion.Offer(key, CompletionResultType.ProviderItem))];
            });
}
