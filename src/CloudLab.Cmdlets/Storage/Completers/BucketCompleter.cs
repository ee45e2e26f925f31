using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the caller's buckets; and what is in them, for a name that begins with <c>s3://</c>.</summary>
public sealed class BucketCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Word.StartsWith(PlaceCompleter.Scheme, StringComparison.OrdinalIgnoreCase))
        {
            await foreach (CompletionResult offer in PlaceCompleter.PlacesAsync(request.Word, session, withObjects: true, cancellation))
            {
                yield return offer;
            }

            yield break;
        }

        await foreach (LabBucket bucket in new BucketStore(new StorageClient(session)).ListAsync(request.Word.Length > 0 ? request.Word : null, cancellation))
        {
            yield return Completion.Offer(bucket.Bucket, CompletionResultType.ParameterValue, bucket.Region);
        }
    }
}
