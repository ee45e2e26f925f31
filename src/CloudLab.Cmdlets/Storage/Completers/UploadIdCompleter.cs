using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the unfinished uploads of a bucket, or of the one key that is given.</summary>
public sealed class UploadIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                string word = Completion.Unquote(wordToComplete);
                string? key = Completion.Bound<string>(fakeBoundParameters, "Key");
                List<CompletionResult> offers = [];
                await foreach (LabMultipartUpload upload in new MultipartUploadStore(new StorageClient(session)).ListAsync(bucket, key ?? "", TimeSpan.Zero, cancellation))
                {
                    if ((key is null || upload.Key == key) && upload.UploadId.StartsWith(word, StringComparison.Ordinal))
                    {
                        offers.Add(Completion.Offer(
                            upload.UploadId, CompletionResultType.ParameterValue,
                            string.Create(CultureInfo.CurrentCulture, $"{ObjectName.Uri(bucket, upload.Key)}, begun {upload.Initiated:u}")));
                    }
                }

                return offers;
            });
}
