using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Objects;

/// <summary>Lists the objects of a bucket, or gets single objects with their metadata.</summary>
/// <remarks>
/// <para>A listing streams: objects are written page by page, in the order of their keys, while the next page is being fetched, and it stops
/// when the pipeline needs no more (Select-Object -First). Keys are opaque names; -Delimiter / shows them as folders: the common part of keys
/// up to the next slash is written as a LabPrefix, which can be piped into Get-LabObject again.</para>
/// <para>With -Key it requests each object separately and returns everything that the service knows about it: content type, metadata, checksum.</para>
/// <para>Errors: NoSuchBucket; NoSuchKey when an object given with -Key does not exist; AccessDenied; InvalidBucketName;
/// KeyTooLongError for a key of more than 1,024 bytes.</para>
/// </remarks>
/// <example>
/// <para>Lists the objects under a prefix.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/</code>
/// </example>
/// <example>
/// <para>The folder view of a bucket's top level.</para>
/// <code>Get-LabObject -Bucket movies -Delimiter /</code>
/// </example>
/// <example>
/// <para>One object with its content type, metadata and checksum.</para>
/// <code>Get-LabObject -Bucket movies -Key data/users.json | Format-List</code>
/// </example>
/// <example>
/// <para>The five largest JSON files.</para>
/// <code>Get-LabObject -Bucket movies -Include *.json | Sort-Object Size -Descending | Select-Object -First 5</code>
/// </example>
/// <example>
/// <para>Every version of the objects under a prefix.</para>
/// <code>Get-LabObject -Bucket movies -Prefix data/ -Versions | Where-Object IsLatest</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, LabPrefix or LabObject: anything with Bucket, and Prefix or Key.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabObject", DefaultParameterSetName = ListSet)]
[OutputType(typeof(LabObject), typeof(LabPrefix), typeof(LabObjectVersion), ParameterSetName = [ListSet])]
[OutputType(typeof(LabObjectMetadata), ParameterSetName = [KeySet])]
public sealed class GetLabObjectCommand : StorageCommand
{
    private const string ListSet = "List", KeySet = "Key";

    /// <summary>Bucket to list; or <c>s3://bucket/prefix</c>, instead of -Bucket and -Prefix.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Exact keys of objects whose metadata is wanted.</summary>
    [Parameter(ParameterSetName = KeySet, Mandatory = true, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [KeyText]
    [ValidateNotNullOrEmpty]
    public string[]? Key { get; set; }

    /// <summary>Version of the object, for one key; the current one if omitted.</summary>
    [Parameter(ParameterSetName = KeySet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(VersionIdCompleter))]
    [AllowNull]
    [AllowEmptyString]
    public string? VersionId { get; set; }

    /// <summary>The customer key that the object was stored with (SSE-C), 32 bytes in Base64.</summary>
    [Parameter(ParameterSetName = KeySet)]
    [ValidateNotNull]
    public SecureString? CustomerKey { get; set; }

    /// <summary>Prefixes of the keys to list: <c>data/</c>. No wildcards. Several prefixes are listed in the given order.</summary>
    [Parameter(ParameterSetName = ListSet, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[] Prefix { get; set; } = [""];

    /// <summary>Lists every version of every object, and the delete markers, the latest first.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [Alias("Version")]
    public SwitchParameter Versions { get; set; }

    /// <summary>Lists the folders of the first level at the same time, which is faster for large buckets. The order is the same.</summary>
    [Parameter(ParameterSetName = ListSet)]
    public SwitchParameter Parallel { get; set; }

    /// <summary>Groups keys up to this text after the prefix into one LabPrefix: <c>/</c> for the folder view.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Delimiter { get; set; }

    /// <summary>Wildcards; only keys that match one are shown. A pattern with a slash is matched against the whole key, one without a slash against the part after the last slash.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Include { get; set; }

    /// <summary>Wildcards; keys that match one, or are in a folder that matches one, are not shown.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Exclude { get; set; }

    /// <summary>Only keys that sort after this one, which need not exist.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [ArgumentCompleter(typeof(KeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StartAfter { get; set; }

    /// <summary>Keys per request, 1 to 1,000. With smaller pages the first objects appear sooner.</summary>
    [Parameter(ParameterSetName = ListSet)]
    [ValidateRange(1, 1000)]
    public int PageSize { get; set; } = 1000;

    /// <summary>How many objects to request at once when several are given with -Key or by the pipeline; with -Parallel, how many folders.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (ParameterSetName == KeySet)
        {
            if (Bucket.Length == 0)
            {
                // A name from the pipeline means what it would mean as the first argument.
                if (!IsPiped(nameof(Key)) || InputObject is not (string or PSObject { BaseObject: string }))
                {
                    throw NoBucket();
                }

                foreach (string text in Key!)
                {
                    await ListAsync(text, Prefix, cancellation);
                }

                return;
            }

            string bucket = Bucket;
            ReadOptions read = new()
            {
                VersionId = string.IsNullOrEmpty(VersionId) ? null : VersionId, CustomerKey = Secrets.ToEncryptionKey(CustomerKey),
            };
            RefuseOneVersionOfSeveral(read.VersionId, Key!);

            foreach (string key in Key!)
            {
                await StartAsync(
                    ObjectName.Uri(bucket, key),
                    async token => await WriteAsync(await Objects.GetAsync(bucket, key, read, token), token));
            }

            return;
        }

        if (Parallel && (Delimiter is not null || StartAfter is not null))
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "ParallelAlone", "-Parallel lists every folder: omit -Delimiter and -StartAfter.");
        }

        if (Bucket.Length == 0)
        {
            throw NoBucket();
        }

        await ListAsync(Bucket, Prefix, cancellation);
    }

    private static LabException NoBucket() => new(
        LabErrorKind.InvalidArgument, "NoBucket", "No bucket is given: use -Bucket, or name the bucket or the prefix as s3://bucket/prefix.") { StopsCommand = false };

    private async Task ListAsync(string from, string[] prefixes, CancellationToken cancellation)
    {
        (from, prefixes) = BucketPlace.Of(from, prefixes, given: prefixes is not [""]);
        foreach (string prefix in prefixes)
        {
            bool found = false;
            ObjectListing listing = new()
            {
                Bucket = from,
                Prefix = prefix,
                Delimiter = Delimiter,
                StartAfter = StartAfter,
                PageSize = PageSize,
                Versions = Versions,
                Filter = NameFilter.Of(Include, Exclude, prefix),
            };
            try
            {
                await foreach (IReadOnlyList<object> page in Parallel
                    ? Objects.ListInParallelAsync(listing, ThrottleLimit, cancellation)
                    : Objects.ListPagesAsync(listing, cancellation))
                {
                    found = true;
                    await WritePageAsync(page);
                }

                if (!found && prefix.AsSpan().ContainsAny('*', '?'))
                {
                    Reporter.Warning($"No key begins with '{prefix}'. -Prefix does not accept wildcards, -Include does: Get-LabObject {from} -Include '{prefix}'");
                }
            }
            catch (Exception e)
            {
                WriteProblem(e, ObjectName.Uri(from, prefix));
            }
        }
    }
}
