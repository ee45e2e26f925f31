using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets.Settings;

/// <summary>
/// A configuration that is a list of rules with ids. The service only takes the list as a whole: changing one rule reads
/// all, and two who do so at the same moment undo each other's change.
/// </summary>
/// <typeparam name="T">A rule.</typeparam>
public abstract class BucketRules<T> : RemovableConfiguration<T>
    where T : class, IBucketRule
{
    /// <summary>Longest id of a rule.</summary>
    private const int LongestId = 255;

    private protected BucketRules(StorageClient client, string name, string missingCode)
        : base(client, name, missingCode)
    {
    }

    /// <summary>Replaces all rules of a bucket.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="rules">Its rules from now on; whichever bucket they were read from does not matter. None removes all.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: RuleInvalid, NoSuchBucket.</returns>
    public Task SetAsync(string bucket, IReadOnlyList<T> rules, CancellationToken cancellation = default)
    {
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (T rule in rules)
        {
            string id = rule.Id;
            string? fault =
                id.Length > LongestId ? $"its id has {id.Length} characters; at most {LongestId} are allowed: give a shorter one with -Id"
                : !ids.Add(id) ? "another rule has the same id"
                : Fault(rule);
            if (fault is not null)
            {
                throw Invalid(bucket, "RuleInvalid", $"the rule '{(id.Length > 40 ? id[..40] + "…" : id)}' is not valid: {fault}.");
            }
        }

        return rules.Count == 0 ? RemoveAsync(bucket, cancellation) : WriteAsync(bucket, rules, cancellation);
    }

    /// <summary>Adds a rule, or replaces the one that has its id, and leaves the others as they are.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when set. Throws <see cref="LabException"/>: RuleInvalid, NoSuchBucket.</returns>
    public async Task SetRuleAsync(string bucket, T rule, CancellationToken cancellation = default)
    {
        List<T> rules = [.. await FindAsync(bucket, cancellation)];
        int at = rules.FindIndex(other => other.Id == rule.Id);
        if (at < 0)
        {
            rules.Add(rule);
        }
        else
        {
            rules[at] = rule;
        }

        await SetAsync(bucket, rules, cancellation);
    }

    /// <summary>Removes single rules and leaves the others as they are. That one is not there is no error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="ids">Their ids.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when they are gone. Throws <see cref="LabException"/> (NoSuchBucket).</returns>
    public async Task RemoveAsync(string bucket, IReadOnlyCollection<string> ids, CancellationToken cancellation = default)
    {
        IReadOnlyList<T> rules = await FindAsync(bucket, cancellation);
        T[] left = [.. rules.Where(rule => !ids.Contains(rule.Id))];
        if (left.Length < rules.Count)
        {
            await SetAsync(bucket, left, cancellation);
        }
    }

    /// <summary>Looks for what is wrong with a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>Words that complete "the rule is not valid: …", or null.</returns>
    private protected abstract string? Fault(T rule);

    /// <summary>Sends the rules.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="rules">At least one rule, all checked.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Done when set.</returns>
    private protected abstract Task WriteAsync(string bucket, IReadOnlyList<T> rules, CancellationToken cancellation);
}

/// <summary>One of several rules that make a configuration.</summary>
public interface IBucketRule
{
    /// <summary>Id of the rule, its own in the bucket. Where none is given, made of what the rule is about.</summary>
    string Id { get; }
}
