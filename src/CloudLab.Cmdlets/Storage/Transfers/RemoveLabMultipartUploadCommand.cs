using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Aborts unfinished uploads: the parts that have arrived are deleted.</summary>
/// <remarks>
/// <para>Uploads are given by name, by Get-LabMultipartUpload, or with -OlderThan as all uploads of a bucket of at least that age. Several are aborted at once.
/// An upload that is still in progress fails; a part being sent at that moment may remain, so check again some minutes later.</para>
/// <para>It asks before each upload unless -Force or -Confirm:$false is given. This cannot be undone.</para>
/// <para>Errors: NoSuchUpload when a named upload has already been completed or aborted (with -OlderThan it counts as removed); NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>Shows which uploads older than a week would be removed.</para>
/// <code>Remove-LabMultipartUpload -Bucket movies -OlderThan 7.00:00:00 -WhatIf</code>
/// </example>
/// <example>
/// <para>Starts an upload and aborts every unfinished upload of its key.</para>
/// <code>$null = New-LabObjectUrl -Bucket movies -Key reel.mkv -PartCount 2; Get-LabMultipartUpload -Bucket movies -Key reel.mkv | Remove-LabMultipartUpload -Force</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Transfers.LabMultipartUpload: anything with Bucket, Key and UploadId; or LabBucket with -OlderThan.</inputtype>
[Cmdlet(
    VerbsCommon.Remove, "LabMultipartUpload", DefaultParameterSetName = IdSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveLabMultipartUploadCommand : StorageCommand
{
    private const string IdSet = "Id", AgeSet = "Age";

    private ProgressMeter? meter;

    /// <summary>Bucket of the uploads.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("BucketName")]
    [ArgumentCompleter(typeof(BucketCompleter))]
    [BucketText]
    [ValidateNotNullOrEmpty]
    public string Bucket { get; set; } = "";

    /// <summary>Key being uploaded.</summary>
    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [ValidateNotNullOrEmpty]
    public string Key { get; set; } = "";

    /// <summary>Ids of uploads to this key.</summary>
    [Parameter(ParameterSetName = IdSet, Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(UploadIdCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] UploadId { get; set; } = [];

    /// <summary>All uploads started at least this long ago: a TimeSpan or a number of seconds; 0 means every upload.</summary>
    [Parameter(ParameterSetName = AgeSet, Mandatory = true)]
    [Seconds]
    public TimeSpan OlderThan { get; set; }

    /// <summary>Only uploads to keys that begin with this prefix.</summary>
    [Parameter(ParameterSetName = AgeSet)]
    [ArgumentCompleter(typeof(UploadKeyCompleter))]
    [AllowEmptyString]
    [ValidateNotNull]
    public string Prefix { get; set; } = "";

    /// <summary>Does not ask for confirmation.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>How many uploads to abort at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        MultipartUploadStore uploads = new(Client);
        meter ??= new ProgressMeter(Reporter, "Aborting uploads");
        if (ParameterSetName == AgeSet)
        {
            await foreach (LabMultipartUpload upload in uploads.ListAsync(Bucket, Prefix, OlderThan, cancellation))
            {
                await AbortAsync(uploads, upload, wasListed: true);
            }
        }
        else
        {
            foreach (string id in UploadId)
            {
                await AbortAsync(uploads, new LabMultipartUpload { Bucket = Bucket, Key = Key, UploadId = id }, wasListed: false);
            }
        }
    }

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation)
    {
        meter?.Dispose();
        return Task.CompletedTask;
    }

    private async Task AbortAsync(MultipartUploadStore uploads, LabMultipartUpload upload, bool wasListed)
    {
        if (!await ShouldProcessAsync(upload.ToString(), "Abort upload", Force))
        {
            return;
        }

        await StartAsync(upload, async token =>
        {
            await (wasListed ? uploads.AbortListedAsync(upload, token) : uploads.AbortAsync(upload.Bucket, upload.Key, upload.UploadId, token));
            meter!.AddItems(1);
        });
    }
}
