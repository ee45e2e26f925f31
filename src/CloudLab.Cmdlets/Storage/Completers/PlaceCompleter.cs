using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers <c>s3://</c> places: buckets, then what looks like their folders; paths as PowerShell does.</summary>
public sealed class PlaceCompleter : ServiceCompleter
{
    internal const string Scheme = "s3://";

    /// <inheritdoc/>
    public override IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Unquote(wordToComplete).StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? base.CompleteArgument(commandName, parameterName, wordToComplete, commandAst, fakeBoundParameters)
            : CompletionCompleters.CompleteFilename(wordToComplete);

    /// <inheritdoc/>
    private protected override IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, CancellationToken cancellation) => PlacesAsync(request.Word, session, withObjects: false, cancellation);

    /// <summary>Offers what can follow an <c>s3://</c> name, one level at a time.</summary>
    /// <param name="word">What is typed so far; begins with <c>s3://</c>.</param>
    /// <param name="session">The session.</param>
    /// <param name="withObjects">Whether to offer objects too, and not only folders.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Buckets, folders, objects.</returns>
    internal static async IAsyncEnumerable<CompletionResult> PlacesAsync(
        string word, LabSession session, bool withObjects, [EnumeratorCancellation] CancellationToken cancellation)
    {
        StorageClient client = new(session);
        string rest = word[Scheme.Length..];
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            await foreach (LabBucket bucket in new BucketStore(client).ListAsync(rest.Length > 0 ? rest : null, cancellation))
            {
                yield return Completion.Offer($"{Scheme}{bucket.Bucket}/", CompletionResultType.ProviderContainer);
            }

            yield break;
        }

        await foreach (CompletionResult offer in KeyCompleter.LevelAsync(client, rest[..slash], rest[(slash + 1)..], withObjects, $"{Scheme}{rest[..slash]}/", cancellation))
        {
            yield return offer;
        }
    }
}
