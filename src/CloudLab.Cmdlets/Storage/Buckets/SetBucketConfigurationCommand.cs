using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the Set cmdlets of bucket configurations.</summary>
public abstract class SetBucketConfigurationCommand : StorageCommand
{
    /// <summary>Writes the resulting configuration of the bucket.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc cref="GetBucketConfigurationCommand.Bucket"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <inheritdoc cref="GetBucketConfigurationCommand.Configuration"/>
    protected abstract IBucketConfiguration Configuration { get; }

    /// <inheritdoc cref="GetBucketConfigurationCommand.ToOutput"/>
    protected virtual ISessionItem ToOutput(string bucket, object found) => (ISessionItem)found;

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
                    IReadOnlyList<object> found = await Configuration.FindAsync(bucket, cancellation);
                    await WriteMarkedAsync(found.Select(item => ToOutput(bucket, item)), cancellation);
                }
            }
        }
        catch (Exception e)
        {
            WriteProblem(e, bucket);
        }
    }
}
