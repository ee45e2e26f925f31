using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers <c>s3://</c> places: buckets, then what looks like their folders; paths as PowerShell does.</summary>
public sealed class PlaceCompleter : ServiceCompleter
{
    private const string Scheme = "s3://";

    /// <inheritdoc/>
    public override IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Unquote(wordToComplete).StartsWith(Scheme, StringComparison.Ordinal)
            ? base.CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters)
            : CompletionCompleters.CompleteFilename(wordToComplete);

    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        StorageClient client = new(session);
        string rest = request.Word[Scheme.Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            await foreach (LabBucket bucket in new BucketStore(client).ListAsync(rest.Length > 0 ? rest : null, cancellation))
            {
                yield return Completion.Offer($"{Scheme}{bucket.Bucket}/", CompletionResultType.ProviderContainer);
            }

            yield break;
        }

        ObjectListing level = new() { Bucket = rest[..slash], Prefix = rest[(slash + 1)..], Delimiter = "/" };
        await foreach (LabPrefix prefix in new ObjectStore(client).ListAsync(level, cancellation).OfType<LabPrefix>())
        {
            yield return Completion.Offer($"{Scheme}{prefix.Bucket}/{prefix.Prefix}", CompletionResultType.ProviderContainer);
        }
    }
}
