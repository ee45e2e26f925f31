using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the keys that unfinished uploads go to.</summary>
public sealed class UploadKeyCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket)
        {
            yield break;
        }

        HashSet<string> keys = [];
        await foreach (LabMultipartUpload upload in new MultipartUploadStore(new StorageClient(session)).ListAsync(bucket, request.Word, TimeSpan.Zero, cancellation))
        {
            if (keys.Add(upload.Key))
            {
                yield return Completion.Offer(upload.Key, CompletionResultType.ProviderItem);
            }
        }
    }
}
