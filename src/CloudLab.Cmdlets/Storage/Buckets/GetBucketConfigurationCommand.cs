using System.Management.Automation;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>
/// Base of the Get cmdlets of bucket configurations. A bucket named exactly that has none is an error; with wildcards such
/// buckets are passed over.
/// </summary>
public abstract class GetBucketConfigurationCommand : BucketConfigurationCommand
{
    private const int BucketsAtOnce = 8;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => BucketsAtOnce;

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
}
