using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Checksums;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>What an object is stored with.</summary>
public sealed record UploadOptions
{
    /// <summary>Media type; null for that of the extension (in a copy: that of the source).</summary>
    public string? ContentType { get; init; }

    /// <summary>User metadata: names of letters, digits and hyphens, values of printable ASCII.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Tags; null for none (in a copy: those of the source).</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>What caches are told.</summary>
    public string? CacheControl { get; init; }

    /// <summary>What a browser is told to do with it: <c>attachment; filename="a.txt"</c>.</summary>
    public string? ContentDisposition { get; init; }

    /// <summary>Coding of the bytes: <c>gzip</c>.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Language of the content: <c>de</c>.</summary>
    public string? ContentLanguage { get; init; }

    /// <summary>Storage class: <c>STANDARD_IA</c>, <c>GLACIER</c>; null for the service's default.</summary>
    public string? StorageClass { get; init; }

    /// <summary>Encryption at rest: <c>AES256</c> (SSE-S3), <c>aws:kms</c>, <c>aws:kms:dsse</c>; null for the bucket's default.</summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>Key of KMS; null for the account's own.</summary>
    public string? KmsKeyId { get; init; }

    /// <summary>A key of the customer's own (SSE-C), or null.</summary>
    public EncryptionKey? CustomerKey { get; init; }

    /// <summary>True refuses to replace an object that exists; the service itself decides, so no race can lose.</summary>
    public bool NoClobber { get; init; }

    /// <summary>How the caller's user replaces an object that <see cref="NoClobber"/> keeps.</summary>
    public string ReplaceAdvice { get; init; } = "Omit -NoClobber to replace it, or choose another key.";

    /// <summary>Replaces only an object with this entity tag (without quotes); the service decides.</summary>
    public string? IfMatch { get; init; }

    /// <summary>Checksum to send and to have kept: <c>CRC32</c>, <c>CRC32C</c>, <c>CRC64NVME</c>, <c>SHA1</c>, <c>SHA256</c>.</summary>
    public string ChecksumAlgorithm { get; init; } = Checksum.Default;

    /// <summary>True goes on with an unfinished upload of the same key where there is one, and leaves this one for the next time if it fails.</summary>
    public bool Resume { get; init; }

    /// <summary>Refuses what no HTTP header can carry, and what contradicts itself.</summary>
    /// <returns>These options. Throws <see cref="LabException"/> (InvalidMetadata, InvalidTag, …).</returns>
    public UploadOptions Validate()
    {
        foreach ((string name, string value) in Metadata)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                throw Invalid("InvalidMetadata", $"'{name}' is not a valid metadata name: use letters, digits, hyphens, dots and underscores.");
            }

            if (!IsPrintable(value))
            {
                throw Invalid(
                    "InvalidMetadata",
                    $"The value of metadata '{name}' has characters outside printable ASCII: encode it (Base64, percent-encoding) first.");
            }
        }

        foreach ((string parameter, string? value) in new[]
        {
            ("ContentType", ContentType), ("CacheControl", CacheControl), ("ContentDisposition", ContentDisposition),
            ("ContentEncoding", ContentEncoding), ("ContentLanguage", ContentLanguage),
        })
        {
            if (value is not null && !IsPrintable(value))
            {
                throw Invalid("InvalidHeader", $"-{parameter} has characters outside printable ASCII, which HTTP headers cannot carry.");
            }
        }

        if (Tags is not null)
        {
            ObjectTags.Validate(Tags);
        }

        return KmsKeyId is not null && ServerSideEncryption?.StartsWith("aws:kms", StringComparison.Ordinal) != true
            ? throw Invalid("KmsKeyAlone", "-KmsKeyId requires -ServerSideEncryption aws:kms: give both.")
        : CustomerKey is not null && ServerSideEncryption is not null
            ? throw Invalid("TwoEncryptions", "-CustomerKey and -ServerSideEncryption cannot be combined: give one of them.")
        : NoClobber && IfMatch is not null
            ? throw Invalid("TwoConditions", "-NoClobber and -IfMatch cannot be combined: give one of them.")
        : this;
    }

    /// <summary>Puts what belongs to the object as a whole into a request.</summary>
    /// <param name="request">PutObject, CreateMultipartUpload or CopyObject.</param>
    /// <param name="contentType">Media type where the options have none; null leaves it out.</param>
    /// <returns>The same request.</returns>
    internal S3Request Apply(S3Request request, string? contentType)
    {
        request.WithHeader("Content-Type", ContentType ?? contentType).WithHeader("Cache-Control", CacheControl)
            .WithHeader("Content-Disposition", ContentDisposition).WithHeader("Content-Encoding", ContentEncoding)
            .WithHeader("Content-Language", ContentLanguage).WithHeader("x-amz-storage-class", StorageClass)
            .WithHeader("x-amz-server-side-encryption", ServerSideEncryption).WithHeader("x-amz-server-side-encryption-aws-kms-key-id", KmsKeyId)
            .WithHeader("x-amz-tagging", Tags is { Count: > 0 } tags ? SigV4.Query(tags.Select(t => (t.Key, t.Value))) : null);
        foreach ((string name, string value) in Metadata)
        {
            request.Headers.Add(("x-amz-meta-" + name.ToLowerInvariant(), value));
        }

        CustomerKey?.Apply(request);
        return request;
    }

    /// <summary>Puts the conditions into the request that makes the object visible.</summary>
    /// <param name="request">PutObject, CompleteMultipartUpload or CopyObject.</param>
    /// <returns>The same request.</returns>
    internal S3Request ApplyConditions(S3Request request) =>
        request.WithHeader("If-None-Match", NoClobber ? "*" : null).WithHeader("If-Match", ReadOptions.Quoted(IfMatch));

    private static bool IsPrintable(string value) => !value.Any(c => c is < ' ' or > '~');

    private static LabException Invalid(string code, string text) => new(LabErrorKind.InvalidArgument, code, text);
}
