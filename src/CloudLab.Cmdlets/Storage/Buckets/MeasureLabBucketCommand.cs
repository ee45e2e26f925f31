using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Counts the objects of a bucket and their bytes, old versions too: all of it, by folder, by storage class.</summary>
/// <remarks>
/// <para>S3 keeps no such numbers: the bucket is listed, in several ranges at once, which takes a request for each 1,000 objects and versions.
/// What is written meanwhile may or may not be counted. Parts of unfinished uploads do not count: Get-LabMultipartUpload lists those.</para>
/// <para>-GroupBy Prefix counts each folder of the level below -Prefix, with all that is in it; keys that are in no folder count together, as
/// a row without prefix. A row can be piped into Get-LabObject.</para>
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
/// <para>What lies under a prefix, by storage class.</para>
/// <code>Measure-LabBucket movies -Prefix data/ -GroupBy StorageClass</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "LabBucket", DefaultParameterSetName = WholeSet)]
[OutputType(typeof(LabBucketUsage), ParameterSetName = [WholeSet])]
[OutputType(typeof(LabPrefixUsage), ParameterSetName = [PartSet])]
public sealed class MeasureLabBucketCommand : BucketsCommand
{
    private const string WholeSet = "Whole", PartSet = "Part";

    /// <summary>Names of buckets, with or without wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Bucket { get; set; } = [];

    /// <summary>Beginnings of the keys to count: <c>data/</c>. No wildcard. All keys if omitted.</summary>
    [Parameter(ParameterSetName = PartSet, Position = 1)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[] Prefix { get; set; } = [""];

    /// <summary>What to count apart: Prefix (folders), StorageClass, or both.</summary>
    [Parameter(ParameterSetName = PartSet)]
    [Alias("By")]
    public UsageGrouping GroupBy { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachBucketAsync(
        Bucket,
        async bucket =>
        {
            if (ParameterSetName == WholeSet)
            {
                await WriteAsync(await Buckets.MeasureAsync(bucket, cancellation), cancellation);
                return;
            }

            foreach (string prefix in Prefix)
            {
                await WriteManyAsync((await Buckets.MeasureAsync(bucket, prefix, GroupBy, cancellation)).ToArray(), cancellation);
            }
        },
        cancellation);
}
