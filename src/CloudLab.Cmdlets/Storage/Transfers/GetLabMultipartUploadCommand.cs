using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Cmdlets.Storage.Objects;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Lists unfinished uploads: objects whose parts were sent, in part or all, but never put together.</summary>
/// <remarks>
/// <para>The parts of an unfinished upload are stored and paid for, though no listing of objects shows them. An upload may be unfinished because it is
/// still going on, so look at its age: -OlderThan picks those begun long ago, and Remove-LabMultipartUpload deletes them.</para>
/// <para>Uploads come out page by page. With -Parts each is asked for the parts that have arrived, several uploads at once; only then Size and Parts are
/// known. One that ends between the two requests is left out.</para>
/// <para>Errors: NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Begins an upload and shows that it is unfinished.</para>
/// <code>$null = New-LabObjectUrl -Bucket movies -Key reel.mkv -PartCount 2; Get-LabMultipartUpload -Bucket movies</code>
/// </example>
/// <example>
/// <para>Uploads begun more than a day ago, in all buckets, with what has arrived of them.</para>
/// <code>Get-LabBucket | Get-LabMultipartUpload -OlderThan 1.00:00:00 -Parts | Sort-Object Size</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.LabBucket, LabPrefix or LabObject: anything with Bucket, and Prefix or Key.</inputtype>
[Cmdlet(VerbsCommon.Get, "LabMultipartUpload", DefaultParameterSetName = PrefixSet)]
[OutputType(typeof(LabMultipartUpload))]
public sealed class GetLabMultipartUploadCommand : StorageCommand
{
    private const string PrefixSet = "Prefix", KeySet = "Key";

    /// <inheritdoc cref="GetLabObjectCommand.Bucket"/>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Beginning of the keys that the uploads go to: <c>data/</c>. No wildcard.</summary>
    [Parameter(ParameterSetName = PrefixSet, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Exact keys that the uploads go to.</summary>
    [Parameter(ParameterSetName = KeySet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Key { get; set; }

    /// <summary>Only uploads begun at least so long ago: a TimeSpan or a number of seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan OlderThan { get; set; }

    /// <summary>Asks for the parts that have arrived, too.</summary>
    [Parameter]
    public SwitchParameter Parts { get; set; }

    /// <summary>How many uploads to ask for their parts at once.</summary>
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
