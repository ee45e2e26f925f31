using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Gets buckets: all of yours, those that match a wildcard, or one by name.</summary>
/// <remarks>
/// <para>Without -Bucket it lists the buckets of the account, as they arrive. A name without wildcards is looked up by itself, so
/// that it also finds a bucket of another account that you may use; such a bucket shows without creation date.</para>
/// <para>Errors: NoSuchBucket when a bucket named exactly does not exist; AccessDenied when you may not see it;
/// InvalidBucketName when it cannot be a bucket's name.</para>
/// </remarks>
/// <example>
/// <para>Lists all buckets.</para>
/// <code>Get-LabBucket</code>
/// </example>
/// <example>
/// <para>Lists the buckets whose name begins with mov.</para>
/// <code>Get-LabBucket -Bucket mov*</code>
/// </example>
/// <inputtype>System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucket")]
[OutputType(typeof(LabBucket))]
public sealed class GetLabBucketCommand : StorageCommand
{
    /// <summary>Names of buckets, with or without wildcards. All buckets if left out.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Bucket { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Bucket is null)
        {
            await WriteAllAsync(Buckets.ListAsync(null, cancellation), cancellation);
            return;
        }

        foreach (string name in Bucket)
        {
            try
            {
                if (!WildcardPattern.ContainsWildcardCharacters(name))
                {
                    await WriteAsync(await Buckets.GetAsync(name, cancellation), cancellation);
                    continue;
                }

                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                await foreach (LabBucket bucket in Buckets.ListAsync(null, cancellation))
                {
                    if (pattern.IsMatch(bucket.Bucket))
                    {
                        await WriteAsync(bucket, cancellation);
                    }
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, name);
            }
        }
    }
}
