using System.Management.Automation;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the Remove cmdlets of bucket configurations. That there is nothing to remove is no error.</summary>
public abstract class RemoveBucketConfigurationCommand : BucketConfigurationCommand
{
    /// <summary>Does not ask.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected sealed override IBucketConfiguration Configuration => Removable;

    /// <summary>The configuration that the cmdlet is about.</summary>
    protected abstract IRemovableConfiguration Removable { get; }

    /// <summary>What of it is removed, in words.</summary>
    protected virtual string What => Removable.Name;

    /// <summary>Removes it from one bucket.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when gone.</returns>
    protected virtual Task RemoveAsync(string bucket, CancellationToken cancellation) => Removable.RemoveAsync(bucket, cancellation);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            try
            {
                BucketName.Validate(name);
                if (await ShouldProcessAsync("s3://" + name, $"Remove {What}", Force))
                {
                    await RemoveAsync(name, cancellation);
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
