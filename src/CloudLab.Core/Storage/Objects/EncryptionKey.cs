using System.Security.Cryptography;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Objects;

/// <summary>A 256-bit key of the customer's own, by which the service encrypts an object without keeping the key (SSE-C). Never printed.</summary>
public sealed class EncryptionKey
{
    private const int Size = 32;
    private readonly byte[] key;

    /// <summary>Takes a key.</summary>
    /// <param name="key">32 bytes. Throws <see cref="LabException"/> (InvalidEncryptionKey) for another number of them.</param>
    public EncryptionKey(byte[] key) => this.key = key.Length == Size
        ? key
        : throw new LabException(
            LabErrorKind.InvalidArgument, "InvalidEncryptionKey", $"The customer key has {key.Length} bytes: it must have {Size} (256 bits).");

    /// <summary>Reads a key.</summary>
    /// <param name="base64">44 characters of Base64. Throws <see cref="LabException"/> (InvalidEncryptionKey) for anything else.</param>
    /// <returns>The key.</returns>
    public static EncryptionKey Parse(string base64)
    {
        byte[] bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out int count)
            ? new EncryptionKey(bytes[..count])
            : throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidEncryptionKey", "The customer key is not valid Base64: give 32 bytes as 44 Base64 characters.");
    }

    /// <inheritdoc/>
    public override string ToString() => "(secret hidden)";

    /// <summary>Puts the key into a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ofCopySource">True for the key of the object that is copied from.</param>
    internal void Apply(S3Request request, bool ofCopySource = false)
    {
        string name = ofCopySource ? "x-amz-copy-source-server-side-encryption-customer-" : "x-amz-server-side-encryption-customer-";
        request.Headers.Add((name + "algorithm", "AES256"));
        request.Headers.Add((name + "key", Convert.ToBase64String(key)));
#pragma warning disable CA5351 // What the protocol asks for, to find errors of transmission.
        request.Headers.Add((name + "key-MD5", Convert.ToBase64String(MD5.HashData(key))));
#pragma warning restore CA5351
    }
}
