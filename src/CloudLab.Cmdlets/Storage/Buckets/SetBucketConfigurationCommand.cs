using System.Management.Automation;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the Set cmdlets of bucket configurations.</summary>
public abstract class SetBucketConfigurationCommand : BucketConfigurationCommand
{
    /// <summary>Writes what the bucket has afterwards.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Sets the configuration of one bucket.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when set.</returns>
    protected abstract Task SetAsync(string bucket, CancellationToken cancellation);

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            await ChangeAsync(name, token => SetAsync(name, token), cancellation);
        }
    }

    /// <summary>Asks, changes one bucket, and shows what came of it; a problem is that bucket's own error.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="change">The change.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when changed.</returns>
    protected async Task ChangeAsync(string bucket, Func<CancellationToken, Task> change, CancellationToken cancellation)
    {
        try
        {
            BucketName.Validate(bucket);
            if (await ShouldProcessAsync("s3://" + bucket, $"Set {Configuration.Name}"))
            {
                await change(cancellation);
                if (PassThru)
                {
                    await WriteFoundAsync(bucket, await Configuration.FindAsync(bucket, cancellation), cancellation);
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, bucket);
        }
    }
}
