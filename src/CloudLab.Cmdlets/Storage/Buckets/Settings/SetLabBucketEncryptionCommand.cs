using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Storage.Buckets.Settings;

namespace CloudLab.Cmdlets.Storage.Buckets.Settings;

/// <summary>Sets the default encryption of buckets: how new objects are encrypted that do not specify it themselves.</summary>
/// <remarks>
/// <para>Existing objects are not changed.</para>
/// <para>Errors: KmsKeyUnused when -KmsKeyId is given with AES256; NoSuchBucket; AccessDenied.</para>
/// </remarks>
/// <example>
/// <para>With keys of S3 itself.</para>
/// <code>Set-LabBucketEncryption -Bucket movies -Algorithm AES256 -PassThru</code>
/// </example>
/// <example>
/// <para>With a KMS key and a bucket key derived from it, which saves requests to KMS.</para>
/// <code>Set-LabBucketEncryption -Bucket movies -Algorithm aws:kms -KmsKeyId alias/movies -BucketKey</code>
/// </example>
/// <inputtype>CloudLab.Core.Storage.Buckets.Settings.LabBucketEncryption; or System.String: name of a bucket.</inputtype>
[Cmdlet(VerbsCommon.Set, "LabBucketEncryption", SupportsShouldProcess = true)]
[OutputType(typeof(LabBucketEncryption))]
public sealed class SetLabBucketEncryptionCommand : SetBucketConfigurationCommand
{
    /// <summary>AES256 with keys of S3, aws:kms with keys of KMS, aws:kms:dsse for two layers of these. If omitted, aws:kms if -KmsKeyId is given, otherwise AES256.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateSet("AES256", "aws:kms", "aws:kms:dsse")]
    public string? Algorithm { get; set; }

    /// <summary>Id, ARN or alias of the KMS key; the account's default key for S3 if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? KmsKeyId { get; set; }

    /// <summary>Uses a bucket key derived from the KMS key.</summary>
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
