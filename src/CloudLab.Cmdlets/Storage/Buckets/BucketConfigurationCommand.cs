using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the cmdlets that read, set and remove configurations of buckets.</summary>
public abstract class BucketConfigurationCommand : StorageCommand
{
    /// <summary>Names of the buckets.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <summary>The configuration that the cmdlet is about.</summary>
    protected abstract IBucketConfiguration Configuration { get; }

    /// <summary>What is written to the pipeline of what Core read.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="found">An object of the configuration.</param>
    /// <returns>The object to write.</returns>
    protected virtual object ToOutput(string bucket, object found) => found;

    /// <summary>Writes what a bucket has of the configuration, all together.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="found">What Core read.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <returns>Done when handed over.</returns>
    protected async Task WriteFoundAsync(string bucket, IReadOnlyList<object> found, CancellationToken cancellation)
    {
        object[] output = [.. found.Select(item => Client.Origin.Mark((ISessionItem)ToOutput(bucket, item)))];
        await WriteManyAsync(output, cancellation);
    }
}
