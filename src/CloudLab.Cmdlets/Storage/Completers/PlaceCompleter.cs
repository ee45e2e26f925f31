using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers <c>s3://</c> places: buckets, then what looks like their folders; paths as PowerShell does.</summary>
public sealed class PlaceCompleter : IArgumentCompleter
{
    private const string Scheme = "s3://";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = Completion.Unquote(wordToComplete);
        return !word.StartsWith(Scheme, StringComparison.Ordinal)
            ? CompletionCompleters.CompleteFilename(wordToComplete)
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                StorageClient client = new(session);
                string rest = word[Scheme.Length..];
                int slash = rest.IndexOf('/', StringComparison.Ordinal);
                List<CompletionResult> offers = [];
                if (slash < 0)
                {
                    await foreach (LabBucket bucket in new BucketStore(client).ListAsync(rest.Length > 0 ? rest : null, cancellation))
                    {
                        offers.Add(Completion.Offer($"{Scheme}{bucket.Bucket}/", CompletionResultType.ProviderContainer));
                    }

                    return offers;
                }

                ObjectListing level = new() { Bucket = rest[..slash], Prefix = rest[(slash + 1)..], Delimiter = "/" };
                await foreach (object entry in new ObjectStore(client).ListAsync(level, cancellation))
                {
                    if (entry is LabPrefix prefix)
                    {
                        offers.Add(Completion.Offer($"{Scheme}{prefix.Bucket}/{prefix.Prefix}", CompletionResultType.ProviderContainer));
                    }
                }

                return offers;
            });
    }
}
