using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the names of a bucket's tags.</summary>
public sealed class BucketTagCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket)
        {
            yield break;
        }

        IReadOnlyList<LabBucketTags> found = await new BucketTagging(new StorageClient(session)).FindAsync(bucket, cancellation);
        foreach ((string name, string value) in found.SelectMany(tags => tags.Tag).Where(tag => request.Fits(tag.Key)))
        {
            yield return Completion.Offer(name, CompletionResultType.ParameterValue, value);
        }
    }
}
