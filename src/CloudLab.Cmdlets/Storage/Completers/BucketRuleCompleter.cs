using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Completers;

/// <summary>Offers the ids of a bucket's CORS or lifecycle rules, whichever the cmdlet is about.</summary>
public sealed class BucketRuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Bound<string>(fakeBoundParameters, "Bucket") is not { } bucket
            ? []
            : Completion.Ask(fakeBoundParameters, async (session, cancellation) =>
            {
                StorageClient client = new(session);
                IBucketConfiguration rules = commandName.EndsWith("Cors", StringComparison.OrdinalIgnoreCase) ? new BucketCors(client) : new BucketLifecycle(client);
                string word = Completion.Unquote(wordToComplete);
                return [.. (await rules.FindAsync(bucket, cancellation)).Cast<IBucketRule>()
                    .Where(rule => rule.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                    .Select(rule => Completion.Offer(rule.Id, CompletionResultType.ParameterValue, rule is LabBucketLifecycleRule lifecycle ? lifecycle.Actions : null))];
            });
}
