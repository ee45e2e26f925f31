using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets the default encryption of buckets: how new objects are encrypted that do not say it themselves.</summary>
/// <remarks>
/// <para>Objects that are there stay as they are.</para>
/// <para>Errors: KmsKeyUnused when -KmsKeyId is given with AES256; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>With keys of S3 itself.</para>
/// <code>Set-LabBucketEncryption -Bucket movies -Algorithm AES256 -PassThru</code>
/// </example>
/// <example>
/// <para>With a key of KMS, and one of the bucket's own under it, which saves requests to KMS.</para>
/// <code>Set-LabBucketEncryption -Bucket movies -Algorithm aws:kms -KmsKeyId alias/movies -BucketKey</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketEncryption; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketEncryption", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketEncryption))]
public sealed class SetLabBucketEncryptionCommand : SetBucketConfigurationCommand
{
    /// <summary>AES256 with keys of S3, aws:kms with keys of KMS, aws:kms:dsse for two layers of these. If left out, aws:kms where -KmsKeyId is given, else AES256.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateSet("AES256", "aws:kms", "aws:kms:dsse")]
    public string? Algorithm { get; set; }

    /// <summary>Id, ARN or alias of the KMS key; the account's own key for S3 if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? KmsKeyId { get; set; }

    /// <summary>Gives the bucket a key of its own under that of KMS.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public SwitchParameter BucketKey { get; set; }

    /// <inheritdoc/>
    protected override IBucketConfiguration Configuration => Encryption;

    private BucketEncryption Encryption => new(Client);

    /// <inheritdoc/>
    protected override Task SetAsync(string bucket, CancellationToken cancellation) => Encryption.SetAsync(
        new LabBucketEncryption
        {
            Bucket = bucket,
            Algorithm = Algorithm ?? (string.IsNullOrEmpty(KmsKeyId) ? "AES256" : "aws:kms"),
            KmsKeyId = KmsKeyId,
            BucketKey = BucketKey,
        },
        cancellation);
}
