namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// How an object is said to be encrypted at rest. The emulator keeps the data as it is; what needs the client's key is
/// not given out without it.
/// </summary>
/// <param name="Algorithm">AES256, aws:kms or aws:kms:dsse; null where the client has the key.</param>
/// <param name="KeyId">The KMS key, where one was named.</param>
/// <param name="Context">Base64 of the KMS encryption context, where one was given.</param>
/// <param name="BucketKey">True where KMS is asked for a key of the bucket and not of each object.</param>
/// <param name="CustomerKeyHash">SHA-256 of the client's key in hex; null where it has none.</param>
internal sealed record ObjectEncryption(
    string? Algorithm, string? KeyId = null, string? Context = null, bool BucketKey = false, string? CustomerKeyHash = null)
{
    /// <summary>With keys of S3's own.</summary>
    public const string Aes256 = "AES256";

    /// <summary>With keys of KMS.</summary>
    public const string Kms = "aws:kms";

    /// <summary>Twice with keys of KMS.</summary>
    public const string DualKms = "aws:kms:dsse";

    /// <summary>What S3 does by itself.</summary>
    public static ObjectEncryption OfS3 { get; } = new(Aes256);

    /// <summary>Whether the entity tag is the MD5 of the data: only where S3 has the key.</summary>
    public bool TagIsMd5 => Algorithm == Aes256;
}
