using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the Remove cmdlets of bucket configurations. It is not an error if there is nothing to remove.</summary>
public abstract class RemoveBucketConfigurationCommand : StorageCommand
{
    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc cref="GetBucketConfigurationCommand.Bucket"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

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
