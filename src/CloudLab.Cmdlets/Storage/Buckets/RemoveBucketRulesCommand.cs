using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the Remove cmdlets of configurations that are rules: all of them, or some by their ids.</summary>
/// <typeparam name="T">A rule.</typeparam>
public abstract class RemoveBucketRulesCommand<T> : RemoveBucketConfigurationCommand
    where T : class, IBucketRule
{
    /// <summary>Ids of the rules to remove; all rules if omitted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(BucketRuleCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <inheritdoc/>
    protected sealed override IRemovableConfiguration Removable => Rules;

    /// <summary>The configuration.</summary>
    protected abstract BucketRules<T> Rules { get; }

    /// <inheritdoc/>
    protected override string What => Id is null ? base.What : $"{base.What} '{string.Join("', '", Id)}'";

    /// <inheritdoc/>
    protected override Task RemoveAsync(string bucket, CancellationToken cancellation) =>
        Id is null ? base.RemoveAsync(bucket, cancellation) : Rules.RemoveAsync(bucket, Id, cancellation);
}
