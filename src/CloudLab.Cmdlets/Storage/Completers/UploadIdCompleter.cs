using System.Globalization;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the unfinished uploads of a bucket, or of the one key that is given.</summary>
public sealed class UploadIdCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket)
        {
            yield break;
        }

        string? key = request.Text("Key");
        await foreach (LabMultipartUpload upload in new MultipartUploadStore(new StorageClient(session)).ListAsync(bucket, key ?? "", TimeSpan.Zero, cancellation))
        {
            if ((key is null || upload.Key == key) && upload.UploadId.StartsWith(request.Word, StringComparison.Ordinal))
            {
                yield return Completion.Offer(
                    upload.UploadId, CompletionResultType.ParameterValue,
                    string.Create(CultureInfo.CurrentCulture, $"{ObjectName.Uri(bucket, upload.Key)}, begun {upload.Initiated:u}"));
            }
        }
    }
}
