using System.Security.Cryptography;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>Computes in one pass what has to be known of some content: a checksum, and the SHA-256 that a signature covers.</summary>
internal sealed class ContentHasher : IDisposable
{
    private readonly string algorithm;
    private readonly IncrementalHash? hash;
    private readonly IncrementalHash? payload;
    private ulong crc;
    private long length;

    /// <summary>Begins.</summary>
    /// <param name="algorithm">Name of the checksum; <c>Size</c> for none.</param>
    /// <param name="withPayloadHash">True where the signature covers the body.</param>
    public ContentHasher(string algorithm, bool withPayloadHash = false)
    {
        this.algorithm = algorithm;
        hash = Checksum.IsCrc(algorithm) || algorithm == StoredChecksum.None.Algorithm ? null : Checksum.NewHash(algorithm);
        payload = !withPayloadHash ? null : algorithm == "SHA256" ? hash : Checksum.NewHash("SHA256");
    }

    /// <summary>Takes the next bytes.</summary>
    /// <param name="data">The bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        length += data.Length;
        if (hash is not null)
        {
            hash.AppendData(data);
        }
        else if (algorithm != StoredChecksum.None.Algorithm)
        {
            crc = Checksum.Append(algorithm, crc, data);
        }

        if (payload is not null && payload != hash)
        {
            payload.AppendData(data);
        }
    }

    /// <summary>What came of it.</summary>
    /// <returns>The digest of all bytes so far.</returns>
    public ContentDigest Finish()
    {
        byte[]? own = hash?.GetHashAndReset();
        byte[]? signed = payload is null ? null : payload == hash ? own : payload.GetHashAndReset();
        return new ContentDigest(
            algorithm,
            own is not null ? Convert.ToBase64String(own) : algorithm == StoredChecksum.None.Algorithm ? "" : Checksum.ToBase64(algorithm, crc),
            crc, signed is null ? null : Convert.ToHexString(signed).ToLowerInvariant(), length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        hash?.Dispose();
        payload?.Dispose();
    }
}

/// <summary>What is known of some content.</summary>
/// <param name="Algorithm">Name of the checksum.</param>
/// <param name="Checksum">The checksum in Base64.</param>
/// <param name="Crc">The same as a number, of a CRC.</param>
/// <param name="PayloadHash">SHA-256 in hexadecimal, or null where nobody asked.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct ContentDigest(string Algorithm, string Checksum, ulong Crc, string? PayloadHash, long Length);
