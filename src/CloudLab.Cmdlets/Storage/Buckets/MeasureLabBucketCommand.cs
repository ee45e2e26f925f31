using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Counts the objects of a bucket and their bytes, including old versions: in total, by folder or by storage class.</summary>
/// <remarks>
/// <para>S3 does not store these numbers: the bucket is listed, in several ranges at once, which takes one request per 1,000 objects and versions.
/// Objects written in the meantime may or may not be counted. Parts of unfinished uploads are not counted: Get-LabMultipartUpload lists them.</para>
/// <para>-GroupBy Prefix counts each folder of the level below -Prefix with everything in it; keys that are not in a folder are counted together, as
/// a row without prefix. A row with a prefix can be piped into Get-LabObject.</para>
/// <para>Errors: NoSuchBucket; AccessDenied; InvalidBucketName.</para>
/// </remarks>
/// <example>
/// <para>How much is in each bucket of the account.</para>
/// <code>Measure-LabBucket *</code>
/// </example>
/// <example>
/// <para>The largest folders of a bucket.</para>
/// <code>Measure-LabBucket movies -GroupBy Prefix | Sort-Object Size -Descending | Select-Object -First 10</code>
/// </example>
/// <example>
/// <para>The objects under a prefix, by storage class.</para>
/// <code>Measure-LabBucket movies -Prefix data/ -GroupBy StorageClass</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "LabBucket", DefaultParameterSetName = WholeSet)]
[OutputType(typeof(LabBucketUsage), ParameterSetName = [WholeSet])]
[OutputType(typeof(LabPrefixUsage), ParameterSetName = [PartSet])]
public sealed class MeasureLabBucketCommand : BucketsCommand
{
    private const string WholeSet = "Whole", PartSet = "Part";

    /// <summary>Names of buckets, with or without wildcards; or <c>s3://bucket/prefix</c>, instead of -Bucket and -Prefix.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Bucket { get; set; } = [];

    /// <summary>Prefixes of the keys to count: <c>data/</c>. No wildcards. All keys if omitted.</summary>
    [Parameter(ParameterSetName = PartSet, Position = 1)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[] Prefix { get; set; } = [""];

    /// <summary>What to group by: Prefix (folders), StorageClass, or both.</summary>
    [Parameter(ParameterSetName = PartSet)]
    [Alias("By")]
    public UsageGrouping GroupBy { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (string text in Bucket)
        {
            (string name, string[] prefixes) = BucketPlace.Of(text, Prefix, MyInvocation.BoundParameters.ContainsKey(nameof(Prefix)));
            await ForEachBucketAsync(
                [name], found => ParameterSetName == WholeSet && prefixes is [""] ? WholeAsync(found) : PartsAsync(found, prefixes),
                cancellation);
        }

        async Task WholeAsync(LabBucket bucket) => await WriteAsync(await Buckets.MeasureAsync(bucket, cancellation), cancellation);

        async Task PartsAsync(LabBucket bucket, string[] prefixes)
        {
            foreach (string prefix in prefixes)
            {
                await WriteManyAsync((await Buckets.MeasureAsync(bucket, prefix, GroupBy, cancellation)).ToArray(), cancellation);
            }
        }
    }
}
