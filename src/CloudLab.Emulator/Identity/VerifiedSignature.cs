using System.Security.Cryptography;
using System.Text;

namespace CloudLab.Emulator.Identity;

/// <summary>A signature that was found right, and what signing the chunks of its body needs.</summary>
internal sealed class VerifiedSignature
{
    private readonly byte[] signingKey;
    private readonly string date;
    private readonly string scope;

    internal VerifiedSignature(
        AccessKeyRecord key, byte[] signingKey, string date, string scope, string signature, string payloadHash, bool presigned)
    {
        Key = key;
        this.signingKey = signingKey;
        this.date = date;
        this.scope = scope;
        Signature = signature;
        PayloadHash = payloadHash;
        Presigned = presigned;
    }

    /// <summary>The key that signed.</summary>
    public AccessKeyRecord Key { get; }

    /// <summary>The request's signature: the seed of the first chunk's.</summary>
    public string Signature { get; }

    /// <summary>The payload hash that was signed: hex, <c>UNSIGNED-PAYLOAD</c> or <c>STREAMING-…</c>.</summary>
    public string PayloadHash { get; }

    /// <summary>True when the signature stood in the query.</summary>
    public bool Presigned { get; }

    /// <summary>The signature that a chunk must have.</summary>
    /// <param name="previous">Signature of the chunk before, or <see cref="Signature"/>.</param>
    /// <param name="sha256">SHA-256 of the chunk's data.</param>
    /// <returns>Lower-case hex.</returns>
    public string ChunkSignature(string previous, ReadOnlySpan<byte> sha256) => Sign(
        $"AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{SigV4Verifier.EmptyHash}\n{Convert.ToHexString(sha256).ToLowerInvariant()}");

    /// <summary>The signature that the trailer must have.</summary>
    /// <param name="previous">Signature of the last chunk.</param>
    /// <param name="sha256">SHA-256 of the trailer's canonical lines.</param>
    /// <returns>Lower-case hex.</returns>
    public string TrailerSignature(string previous, ReadOnlySpan<byte> sha256) => Sign(
        $"AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{previous}\n{Convert.ToHexString(sha256).ToLowerInvariant()}");

    private string Sign(string text) =>
        Convert.ToHexString(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(text))).ToLowerInvariant();
}
