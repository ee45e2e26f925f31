using System.Management.Automation;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage.Buckets;

namespace CloudLab.Cmdlets.Storage.Buckets;

/// <summary>Gets buckets: all of yours, those that match a wildcard, or one by name.</summary>
/// <remarks>
/// <para>Without -Bucket it lists the buckets of the account, as they arrive. A name without wildcards is looked up by itself, so
/// that it also finds a bucket of another account that you may use; such a bucket is shown without a creation date.</para>
/// <para>-IncludeSize counts the contents of each bucket, and shows whether it keeps old versions. S3 does not store these numbers: the bucket is listed, in
/// several ranges at once, which takes one request per 1,000 objects and versions. Objects written in the meantime may or may not be counted.
/// Measure-LabBucket counts the same by folder and storage class.</para>
/// <para>Errors: NoSuchBucket when a bucket given by its exact name does not exist; AccessDenied when you are not allowed to see it;
/// InvalidBucketName when the name is not a valid bucket name.</para>
/// </remarks>
/// <example>
/// <para>Lists all buckets.</para>
/// <code>Get-LabBucket</code>
/// </example>
/// <example>
/// <para>Lists the buckets whose names begin with mov.</para>
/// <code>Get-LabBucket -Bucket mov*</code>
/// </example>
/// <example>
/// <para>The biggest buckets first, old versions included.</para>
/// <code>Get-LabBucket -IncludeSize | Sort-Object { $_.Size + $_.NoncurrentSize } -Descending</code>
/// </example>
/// <inputtype>System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabBucket")]
[OutputType(typeof(LabBucket), typeof(LabBucketUsage))]
public sealed class GetLabBucketCommand : BucketsCommand
{
    /// <summary>Names of buckets, with or without wildcards. All buckets if omitted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Bucket { get; set; }

    /// <summary>Also counts the objects and their bytes, and old versions if the bucket keeps them, by listing the bucket.</summary>
    [Parameter]
    [Alias("Measure")]
    public SwitchParameter IncludeSize { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => ForEachBucketAsync(
        Bucket, async bucket => await WriteAsync(IncludeSize ? await Buckets.MeasureAsync(bucket, cancellation) : bucket, cancellation), cancellation);
}
