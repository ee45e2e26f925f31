using CloudLab.Core.Storage.Buckets.Settings;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>
/// Base of the Set cmdlets of configurations that are rules: one rule described by parameters takes its place among the
/// others; rule objects, from the pipeline or not, are all that each bucket has afterwards.
/// </summary>
/// <typeparam name="T">A rule.</typeparam>
public abstract class SetBucketRulesCommand<T> : SetBucketConfigurationCommand
    where T : class, IBucketRule
{
    // By bucket, in the order in which the buckets came.
    private readonly List<(StorageClient Client, string Bucket, List<T> Rules)> gathered = [];

    /// <inheritdoc/>
    protected sealed override IBucketConfiguration Configuration => BucketRules;

    /// <summary>The configuration.</summary>
    protected abstract BucketRules<T> BucketRules { get; }

    /// <summary>The rule objects given, or null where parameters describe one rule.</summary>
    protected abstract T[]? Given { get; }

    /// <summary>The rule that the parameters describe.</summary>
    /// <returns>The rule.</returns>
    protected abstract T Described();

    /// <inheritdoc/>
    protected sealed override Task SetAsync(string bucket, CancellationToken cancellation) =>
        BucketRules.SetRuleAsync(bucket, Described(), cancellation);

    /// <inheritdoc/>
    protected sealed override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Given is not { } rules)
        {
            await base.ProcessAsync(cancellation);
            return;
        }

        foreach (string name in Bucket)
        {
            if (gathered.Find(entry => entry.Client == Client && entry.Bucket == name).Rules is { } others)
            {
                others.AddRange(rules);
            }
            else
            {
                gathered.Add((Client, name, [.. rules]));
            }
        }
    }

    /// <inheritdoc/>
    protected sealed override async Task EndAsync(CancellationToken cancellation)
    {
        foreach ((StorageClient client, string bucket, List<T> rules) in gathered)
        {
            await WithAsync(client, () => ChangeAsync(bucket, token => BucketRules.SetAsync(bucket, rules, token), cancellation));
        }
    }
}
