using System.Management.Automation;
using System.Runtime.CompilerServices;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the ids of a bucket's CORS or lifecycle rules, whichever the cmdlet is about.</summary>
public sealed class BucketRuleCompleter : ServiceCompleter
{
    /// <inheritdoc/>
    private protected override async IAsyncEnumerable<CompletionResult> OfferAsync(
        CompletionRequest request, LabSession session, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (request.Text("Bucket") is not { } bucket)
        {
            yield break;
        }

        StorageClient client = new(session);
        IBucketConfiguration rules = request.Command.EndsWith("Cors", StringComparison.OrdinalIgnoreCase) ? new BucketCors(client) : new BucketLifecycle(client);
        foreach (IBucketRule rule in (await rules.FindAsync(bucket, cancellation)).Cast<IBucketRule>().Where(rule => request.Fits(rule.Id)))
        {
            yield return Completion.Offer(rule.Id, CompletionResultType.ParameterValue, rule is LabBucketLifecycleRule lifecycle ? lifecycle.Actions : null);
        }
    }
}
