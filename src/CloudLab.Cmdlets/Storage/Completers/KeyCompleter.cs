using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers keys one level at a time: what follows up to the next slash, as folders, and the keys of this level.</summary>
public sealed class KeyCompleter : ServiceCompleter
{
    private const int MostOffers = 200;

    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // -DestinationKey lies in -DestinationBucket, where one is given.
        string? bucket = (request.Parameter.StartsWith("Destination", StringComparison.OrdinalIgnoreCase) ? request.Text("DestinationBucket") : null)
            ?? request.Text("Bucket");
        if (bucket is null)
        {
            yield break;
        }

        ObjectListing level = new() { Bucket = bucket, Prefix = request.Word, Delimiter = "/", PageSize = MostOffers };
        await foreach (object entry in new ObjectStore(new StorageClient(session)).ListAsync(level, cancellation).Take(MostOffers))
        {
            yield return entry is LabObject found
                ? Completion.Offer(found.Key, CompletionResultType.ProviderItem, ProgressMeter.FormatBytes(found.Size))
                : Completion.Offer(((LabPrefix)entry).Prefix, CompletionResultType.ProviderContainer);
        }
    }
}
