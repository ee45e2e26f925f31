using System.Security.Cryptography;
using CloudLab.Emulator.S3.Payload;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>What requests and answers say of encryption at rest.</summary>
internal static class EncryptionHeaders
{
    private const string Prefix = "x-amz-server-side-encryption";
    private const string Customer = Prefix + "-customer-";
    private const string CopySource = "x-amz-copy-source-server-side-encryption-customer-";

    /// <summary>Reads what a write asks for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bucket">The bucket, whose default holds where nothing is asked for.</param>
    /// <param name="access">Knows the account's KMS key.</param>
    /// <returns>The encryption. Throws InvalidArgument where the headers do not go together.</returns>
    public static ObjectEncryption Read(S3Request request, S3Bucket bucket, S3Access access)
    {
        string? algorithm = request.Headers.Get(Prefix), key = request.Headers.Get(Prefix + "-aws-kms-key-id");
        string? context = request.Headers.Get(Prefix + "-context");
        bool? bucketKey = request.Headers.Get(Prefix + "-bucket-key-enabled")?.Equals("true", StringComparison.OrdinalIgnoreCase);
        if (CustomerKeyHash(request, Customer) is { } hash)
        {
            return algorithm is null && key is null
                ? new ObjectEncryption(null, CustomerKeyHash: hash)
                : throw S3Exception.InvalidArgument(
                    Prefix, algorithm ?? "", "Server Side Encryption with Customer provided key is incompatible with the encryption method specified");
        }

        if (algorithm is not (null or ObjectEncryption.Aes256 or ObjectEncryption.Kms or ObjectEncryption.DualKms))
        {
            throw S3Exception.InvalidArgument(Prefix, algorithm, "The encryption method specified is not supported");
        }

        if ((key ?? context) is not null && algorithm is null or ObjectEncryption.Aes256)
        {
            throw S3Exception.InvalidArgument(
                Prefix, algorithm ?? "", "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms");
        }

        ObjectEncryption encryption = algorithm is null
            ? bucket.Settings.Encryption
            : new ObjectEncryption(algorithm, key, context, BucketKey: algorithm == bucket.Settings.Encryption.Algorithm && bucket.Settings.Encryption.BucketKey);
        return encryption.TagIsMd5
            ? encryption
            : encryption with { KeyId = encryption.KeyId ?? access.DefaultKmsKey(bucket.Region), BucketKey = bucketKey ?? encryption.BucketKey };
    }

    /// <summary>Whether a request says anything of encryption.</summary>
    /// <param name="request">The request.</param>
    /// <returns>True if so.</returns>
    public static bool Given(S3Request request) =>
        request.Headers.Any(header => header.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>Goes on only where the request has the key that the data needs, and none that it does not need.</summary>
    /// <param name="request">The request.</param>
    /// <param name="value">The object.</param>
    /// <param name="asSource">True where it is the source of a copy.</param>
    public static void RequireKey(S3Request request, S3Object value, bool asSource = false)
    {
        string? given = CustomerKeyHash(request, asSource ? CopySource : Customer), needed = value.Properties.Encryption.CustomerKeyHash;
        if (given is null && needed is not null)
        {
            throw S3Exception.InvalidRequest(
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.");
        }

        if (given is not null && needed is null)
        {
            throw S3Exception.InvalidRequest("The encryption parameters are not applicable to this object.");
        }

        if (given != needed)
        {
            throw S3Exception.AccessDenied("Access Denied");
        }
    }

    /// <summary>Goes on only where a part comes with the key that its upload began with.</summary>
    /// <param name="request">The request.</param>
    /// <param name="upload">The upload.</param>
    public static void RequireKey(S3Request request, MultipartUpload upload)
    {
        string? given = CustomerKeyHash(request, Customer), needed = upload.Properties.Encryption.CustomerKeyHash;
        if (given != needed)
        {
            throw S3Exception.InvalidRequest(
                needed is null ? "The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters."
                : given is null ? "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters."
                : "The provided encryption parameters did not match the ones used originally.");
        }
    }

    /// <summary>Says how an object is encrypted.</summary>
    /// <param name="request">The request, whose answer gets the headers.</param>
    /// <param name="encryption">The encryption.</param>
    public static void Write(S3Request request, ObjectEncryption encryption)
    {
        if (encryption.Algorithm is not { } algorithm)
        {
            request.ExtraHeaders.Add(Customer + "algorithm", ObjectEncryption.Aes256);
            if (request.Headers.Get(Customer + "key-MD5") is { } md5)
            {
                request.ExtraHeaders.Add(Customer + "key-MD5", md5);
            }

            return;
        }

        request.ExtraHeaders.Add(Prefix, algorithm);
        if (encryption.KeyId is { } key)
        {
            request.ExtraHeaders.Add(Prefix + "-aws-kms-key-id", key);
        }

        if (encryption.BucketKey)
        {
            request.ExtraHeaders.Add(Prefix + "-bucket-key-enabled", "true");
        }

        if (encryption.Context is { } context && request.Method is not ("GET" or "HEAD"))
        {
            request.ExtraHeaders.Add(Prefix + "-context", context);
        }
    }

    /// <summary>The entity tag of data: its MD5 only where S3 has the key.</summary>
    /// <param name="encryption">How the data is encrypted.</param>
    /// <param name="md5">MD5 in hex.</param>
    /// <returns>The tag without quotes.</returns>
    public static string Tag(ObjectEncryption encryption, string md5) =>
        encryption.TagIsMd5 ? md5 : PayloadReceiver.Hex(RandomNumberGenerator.GetBytes(16));

    // The key itself is never kept.
    private static string? CustomerKeyHash(S3Request request, string prefix)
    {
        string? algorithm = request.Headers.Get(prefix + "algorithm"), text = request.Headers.Get(prefix + "key"), md5 = request.Headers.Get(prefix + "key-MD5");
        if (algorithm is null && text is null && md5 is null)
        {
            return null;
        }

        if (algorithm != ObjectEncryption.Aes256)
        {
            throw algorithm is null
                ? Missing("algorithm", "a valid encryption algorithm")
                : new S3Exception(
                    400, "InvalidEncryptionAlgorithmError", "The encryption request you specified is not valid. The valid value is AES256.",
                    ("ArgumentName", prefix + "algorithm"), ("ArgumentValue", algorithm));
        }

        if (text is null)
        {
            throw Missing("key", "an appropriate secret key");
        }

        if (md5 is null)
        {
            throw Missing("key-MD5", "the client calculated MD5 of the secret key");
        }

        byte[] key = new byte[Math.Max(32, text.Length)];
        if (!Convert.TryFromBase64String(text, key, out int count) || count != 32)
        {
            throw S3Exception.InvalidArgument(prefix + "key", "", "The secret key was invalid for the specified algorithm.");
        }

        // A key so plain as MD5 protects nothing; it is how S3 finds a key that was garbled on its way.
        return Convert.ToBase64String(MD5.HashData(key.AsSpan(0, 32))) == md5
            ? PayloadReceiver.Hex(SHA256.HashData(key.AsSpan(0, 32)))
            : throw S3Exception.InvalidArgument(
                prefix + "key-MD5", md5, "The calculated MD5 hash of the key did not match the hash that was provided.");

        S3Exception Missing(string name, string what) => S3Exception.InvalidArgument(
            prefix + name, "", $"Requests specifying Server Side Encryption with Customer provided keys must provide {what}.");
    }
}
