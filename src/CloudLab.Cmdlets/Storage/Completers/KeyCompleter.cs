using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers keys one level at a time: what follows up to the next slash, as folders, and the keys of this level.</summary>
public sealed class KeyCompleter : IArgumentCompleter
{
    private const int MostOffers = 200;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        BucketOf(parameterName, fakeBoundParameters) is not { } bucket
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                ObjectListing level = new()
                {
                    Bucket = bucket, Prefix = Completion.Unquote(wordToComplete), Delimiter = "/", PageSize = MostOffers,
                };
                List<CompletionResult> offers = [];
                await foreach (object entry in new ObjectStore(new StorageClient(session)).ListAsync(level, cancellation))
                {
                    offers.Add(entry is LabPrefix prefix
                        ? Completion.Offer(prefix.Prefix, CompletionResultType.ProviderContainer)
                        : Completion.Offer(
                            ((LabObject)entry).Key, CompletionResultType.ProviderItem, ProgressMeter.FormatBytes(((LabObject)entry).Size)));
                    if (offers.Count == MostOffers)
                    {
                        break;
                    }
                }

                return offers;
            });

    // -DestinationKey lies in -DestinationBucket, where one is given.
    private static string? BucketOf(string parameter, IDictionary bound) =>
        (parameter.StartsWith("Destination", StringComparison.OrdinalIgnoreCase) ? Completion.Bound<string>(bound, "DestinationBucket") : null)
        ?? Completion.Bound<string>(bound, "Bucket");
}
