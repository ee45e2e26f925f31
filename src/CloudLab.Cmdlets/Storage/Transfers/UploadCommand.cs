using System.Collections;
using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Base of the cmdlets that write objects: what is stored with the content, and how it gets there.</summary>
public abstract class UploadCommand : StorageCommand
{
    private readonly CommandTransfers transfers;

    /// <summary>Creates the cmdlet.</summary>
    protected UploadCommand() => transfers = new CommandTransfers(Reporter, () => Activity);

    /// <summary>Media type of the object; if omitted, determined by the extension of the file name or key (for a copy: that of the source).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContentTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentType { get; set; }

    /// <summary>User metadata to store with the object: <c>@{ author = 'me' }</c>. Printable ASCII only.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Metadata { get; set; }

    /// <summary>Tags of the object: <c>@{ project = 'lab' }</c>, at most ten.</summary>
    [Parameter]
    [Alias("Tags")]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Storage class: STANDARD, STANDARD_IA, GLACIER, …; the service's default if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StorageClassCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StorageClass { get; set; }

    /// <summary>Caching instructions for caches and browsers: <c>max-age=3600</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? CacheControl { get; set; }

    /// <summary>How a browser presents the content: <c>attachment; filename="a.txt"</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentDisposition { get; set; }

    /// <summary>Encoding of the bytes, which are stored unchanged: <c>gzip</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentEncoding { get; set; }

    /// <summary>Language of the content: <c>de</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentLanguage { get; set; }

    /// <summary>Encryption at rest: AES256 (keys of S3), aws:kms, or aws:kms:dsse; the bucket's own setting if omitted.</summary>
    [Parameter]
    [Alias("SSE")]
    [ValidateSet("AES256", "aws:kms", "aws:kms:dsse")]
    public string? ServerSideEncryption { get; set; }

    /// <summary>KMS key, with -ServerSideEncryption aws:kms; the account's default key if omitted.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KmsKeyId { get; set; }

    /// <summary>A key of your own (SSE-C), 32 bytes in Base64: the service encrypts with it but does not keep it, and the same key is needed to read.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CustomerKey { get; set; }

    /// <summary>Checksum to send and to store: CRC32C (the default), CRC32, CRC64NVME, SHA1 or SHA256.</summary>
    [Parameter]
    [ValidateSet("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")]
    public string? ChecksumAlgorithm { get; set; }

    /// <summary>How many requests to run at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = TransferEngine.DefaultThrottle;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => ThrottleLimit;

    /// <summary>What the progress bar says: <c>Uploading to s3://movies</c>.</summary>
    protected abstract string Activity { get; }

    /// <summary>All transfers with the service of the current input go through it.</summary>
    protected TransferEngine Engine => transfers.EngineOf(Client, ThrottleLimit);

    /// <summary>Counts what they do.</summary>
    protected ProgressMeter Meter => transfers.Meter;

    /// <summary>What the parameters ask for, checked.</summary>
    /// <param name="noClobber">Keeps an object that exists.</param>
    /// <param name="ifMatch">Replaces only an object with this ETag, or null.</param>
    /// <returns>Options of an upload.</returns>
    protected UploadOptions UploadOptions(bool noClobber = false, string? ifMatch = null)
    {
        UploadOptions options = new()
        {
            ContentType = ContentType,
            Metadata = PlainObject.Texts(Metadata),
            Tags = Tag is null ? null : PlainObject.Texts(Tag),
            StorageClass = StorageClass?.ToUpperInvariant(),
            CacheControl = CacheControl,
            ContentDisposition = ContentDisposition,
            ContentEncoding = ContentEncoding,
            ContentLanguage = ContentLanguage,
            ServerSideEncryption = string.Equals(ServerSideEncryption, "AES256", StringComparison.OrdinalIgnoreCase) ? "AES256" : ServerSideEncryption?.ToLowerInvariant(),
            KmsKeyId = KmsKeyId,
            CustomerKey = Secrets.ToEncryptionKey(CustomerKey),
            NoClobber = noClobber,
            IfMatch = ifMatch,
        };
        return (ChecksumAlgorithm is null ? options : options with { ChecksumAlgorithm = ChecksumAlgorithm.ToUpperInvariant() }).Validate();
    }

    /// <inheritdoc/>
    protected override Task EndAsync(CancellationToken cancellation)
    {
        transfers.Complete();
        return Task.CompletedTask;
    }
}
