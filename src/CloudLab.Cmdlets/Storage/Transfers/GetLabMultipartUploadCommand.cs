using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Lists unfinished uploads: objects whose parts were sent, some or all, but never assembled.</summary>
/// <remarks>
/// <para>The parts of an unfinished upload are stored and billed, although listings of objects do not show them. An upload may be unfinished because it is
/// still in progress, so check its age: -OlderThan selects old ones, and Remove-LabMultipartUpload deletes them.</para>
/// <para>Uploads are written page by page. With -Parts the parts that have arrived are listed, for several uploads at once; only then are Size and Parts
/// known. An upload that ends between the two requests is left out.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Starts an upload and shows that it is unfinished.</para>
/// <code>$null = New-LabObjectUrl -Bucket movies -Key reel.mkv -PartCount 2; Get-LabMultipartUpload -Bucket movies</code>
/// </example>
/// <example>
/// <para>Uploads started more than a day ago, in all buckets, with the parts that have arrived.</para>
/// <code>Get-LabBucket | Get-LabMultipartUpload -OlderThan 1.00:00:00 -Parts | Sort-Object Size</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, LabPrefix or LabObject: anything with Bucket, and Prefix or Key.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabMultipartUpload", DefaultParameterSetName = PrefixSet)]
[OutputType(typeof(LabMultipartUpload))]
public sealed class GetLabMultipartUploadCommand : StorageCommand
{
    private const string PrefixSet = "Prefix", KeySet = "Key";

    /// <summary>Bucket to list.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Prefix of the keys being uploaded: <c>data/</c>. No wildcards.</summary>
    [Parameter(ParameterSetName = PrefixSet, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Exact keys being uploaded.</summary>
    [Parameter(ParameterSetName = KeySet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Key { get; set; }

    /// <summary>Only uploads started at least this long ago: a TimeSpan or a number of seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan OlderThan { get; set; }

    /// <summary>Also lists the parts that have arrived.</summary>
    [Parameter]
    public SwitchParameter Parts { get; set; }

    /// <summary>How many uploads to query for their parts at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        MultipartUploadStore uploads = new(Client);
        foreach (string? key in (string?[]?)Key ?? [null])
        {
            await foreach (LabMultipartUpload upload in uploads.ListAsync(Bucket, key ?? Prefix, OlderThan, cancellation))
            {
                if (key is not null && upload.Key != key)
                {
                    continue;
                }

                if (Parts)
                {
                    await StartAsync(upload, token => WriteWithPartsAsync(uploads, upload, token));
                }
                else
                {
                    await WriteAsync(upload, cancellation);
                }
            }
        }
    }

    private async Task WriteWithPartsAsync(MultipartUploadStore uploads, LabMultipartUpload upload, CancellationToken cancellation)
    {
        LabMultipartUpload withParts;
        try
        {
            withParts = await uploads.WithPartsAsync(upload, cancellation);
        }
        catch (LabException e) when (e.Code == "NoSuchUpload")
        {
            Reporter.Verbose($"{upload} has ended in the meantime.");
            return;
        }

        await WriteAsync(withParts, cancellation);
    }
}
