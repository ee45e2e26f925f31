using System.Collections;
using System.Management.Automation;
using System.Security;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Cmdlets.Sessions;
using CloudLab.Cmdlets.Storage.Completers;
using CloudLab.Core.Storage;
using CloudLab.Core.Storage.Transfers;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>Base of the cmdlets that write objects: what is stored with the content.</summary>
public abstract class UploadCommand : TransferCommand
{
    /// <summary>Media type of the object; that of the file name's or key's extension (in a copy: that of the source) if left out.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContentTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentType { get; set; }

    /// <summary>User metadata to store with the object: <c>@{ author = 'me' }</c>. Printable ASCII only.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable? Metadata { get; set; }

    /// <summary>Tags of the object: <c>@{ project = 'lab' }</c>, ten at most.</summary>
    [Parameter]
    [Alias("Tags")]
    [ValidateNotNull]
    public Hashtable? Tag { get; set; }

    /// <summary>Storage class: STANDARD, STANDARD_IA, GLACIER, …; the service's default if left out.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StorageClassCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StorageClass { get; set; }

    /// <summary>What caches and browsers are told: <c>max-age=3600</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? CacheControl { get; set; }

    /// <summary>What a browser is told to do with it: <c>attachment; filename="a.txt"</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentDisposition { get; set; }

    /// <summary>Coding of the bytes, which are stored as they are: <c>gzip</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentEncoding { get; set; }

    /// <summary>Language of the content: <c>de</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ContentLanguage { get; set; }

    /// <summary>Encryption at rest: AES256 (keys of S3), aws:kms, or aws:kms:dsse; the bucket's own setting if left out.</summary>
    [Parameter]
    [Alias("SSE")]
    [ValidateSet("AES256", "aws:kms", "aws:kms:dsse")]
    public string? ServerSideEncryption { get; set; }

    /// <summary>Key of KMS, with -ServerSideEncryption aws:kms; the account's own if left out.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KmsKeyId { get; set; }

    /// <summary>A key of your own (SSE-C), 32 bytes in Base64: the service encrypts with it and forgets it, and the same key is needed to read.</summary>
    [Parameter]
    [ValidateNotNull]
    public SecureString? CustomerKey { get; set; }

    /// <summary>Checksum to send and to have kept: CRC32C (the default), CRC32, CRC64NVME, SHA1 or SHA256.</summary>
    [Parameter]
    [ValidateSet("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")]
    public string? ChecksumAlgorithm { get; set; }

    /// <summary>What the parameters ask for, checked.</summary>
    /// <returns>Options of an upload.</returns>
    protected virtual UploadOptions UploadOptions()
    {
        UploadOptions options = new()
        {
            ContentType = ContentType,
            Metadata = TextTable.Read(Metadata),
            Tags = Tag is null ? null : TextTable.Read(Tag),
            StorageClass = StorageClass?.ToUpperInvariant(),
            CacheControl = CacheControl,
            ContentDisposition = ContentDisposition,
            ContentEncoding = ContentEncoding,
            ContentLanguage = ContentLanguage,
            ServerSideEncryption = string.Equals(ServerSideEncryption, "AES256", StringComparison.OrdinalIgnoreCase) ? "AES256" : ServerSideEncryption?.ToLowerInvariant(),
            KmsKeyId = KmsKeyId,
            CustomerKey = Secrets.ToEncryptionKey(CustomerKey),
        };
        return (ChecksumAlgorithm is null ? options : options with { ChecksumAlgorithm = ChecksumAlgorithm.ToUpperInvariant() }).Validate();
    }
}
