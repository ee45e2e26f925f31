using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Buckets;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>
/// Base of the Get cmdlets of bucket configurations. A bucket named exactly that has none is an error; with wildcards such
/// buckets are passed over.
/// </summary>
public abstract class GetBucketConfigurationCommand : StorageCommand
{
    private const int BucketsAtOnce = 8;

    /// <summary>Names of the buckets.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string[] Bucket { get; set; } = [];

    /// <summary>The configuration that the cmdlet is about.</summary>
    protected abstract IBucketConfiguration Configuration { get; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => BucketsAtOnce;

    /// <summary>What is written to the pipeline of what Core read.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="found">An object of the configuration.</param>
    /// <returns>The object to write.</returns>
    protected virtual ISessionItem ToOutput(string bucket, object found) => (ISessionItem)found;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string name in Bucket)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                await StartAsync(name, async token => await WriteFoundAsync(name, await Configuration.GetAsync(name, token), token));
                continue;
            }

            try
            {
                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                await foreach (LabBucket bucket in Buckets.ListAsync(null, cancellation))
                {
                    if (pattern.IsMatch(bucket.Bucket))
                    {
                        await StartAsync(bucket.Bucket, token => WriteIfAnyAsync(bucket.Bucket, token));
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }

    private async Task WriteIfAnyAsync(string bucket, CancellationToken cancellation)
    {
        if (await Configuration.FindAsync(bucket, cancellation) is { Count: > 0 } found)
        {
            await WriteFoundAsync(bucket, found, cancellation);
        }
        else
        {
            Reporter.Verbose($"Bucket '{bucket}' has no {Configuration.Name}.");
        }
    }

    private ValueTask WriteFoundAsync(string bucket, IReadOnlyList<object> found, CancellationToken cancellation) =>
        WriteMarkedAsync(found.Select(item => ToOutput(bucket, item)), cancellation);
}
