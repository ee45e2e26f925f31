using System.Management.Automation;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Base of the cmdlets that look for buckets by name or wildcard.</summary>
public abstract class BucketsCommand : StorageCommand
{
    /// <summary>Does something with each bucket that is meant; what fails for one is an error, and the next has its turn.</summary>
    /// <param name="names">Names, with or without wildcards; null for all buckets of the account.</param>
    /// <param name="work">What to do.</param>
    /// <param name="cancellation">Ends the search.</param>
    /// <returns>Done when all have had their turn.</returns>
    private protected async Task ForEachBucketAsync(string[]? names, Func<LabBucket, Task> work, CancellationToken cancellation)
    {
        foreach (string name in names ?? ["*"])
        {
            try
            {
                if (!WildcardPattern.ContainsWildcardCharacters(name))
                {
                    await TryAsync(await Buckets.GetAsync(name, cancellation));
                    continue;
                }

                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                await foreach (LabBucket bucket in Buckets.ListAsync(null, cancellation))
                {
                    if (pattern.IsMatch(bucket.Bucket))
                    {
                        await TryAsync(bucket);
                    }
                }
            }
            catch (Exception e) when (names is not null)
            {
                WriteProblem(e, name);
            }
        }

        async Task TryAsync(LabBucket bucket)
        {
            try
            {
                await work(bucket);
            }
            catch (LabException e)
            {
                WriteProblem(e, bucket.Bucket);
            }
        }
    }
}
