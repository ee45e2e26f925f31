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

        if (ObjectName.Parse(bucket) is var (name, _))
        {
            bucket = name;
        }

        await foreach (CompletionResult offer in LevelAsync(new StorageClient(session), bucket, request.Word, withObjects: true, "", cancellation))
        {
            yield return offer;
        }
    }

    /// <summary>Offers one level of a bucket.</summary>
    /// <param name="client">The service.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="beginning">Beginning of the keys.</param>
    /// <param name="withObjects">Whether to offer objects too, and not only folders.</param>
    /// <param name="lead">Text that goes before each key.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Folders and objects, in the order of their keys.</returns>
    internal static async IAsyncEnumerable<CompletionResult> LevelAsync(
        StorageClient client, string bucket, string beginning, bool withObjects, string lead, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectListing level = new() { Bucket = bucket, Prefix = beginning, Delimiter = "/", PageSize = Completion.MostOffers };
        await foreach (object entry in new ObjectStore(client).ListAsync(level, cancellation).Where(entry => withObjects || entry is LabPrefix).Take(Completion.MostOffers))
        {
            yield return entry is LabObject found
                ? Completion.Offer(lead + found.Key, CompletionResultType.ProviderItem, ProgressMeter.FormatBytes(found.Size))
                : Completion.Offer(lead + ((LabPrefix)entry).Prefix, CompletionResultType.ProviderContainer);
        }
    }
}
