using CloudLab.Emulator.Http;

namespace CloudLab.Emulator.S3.Checksums;

/// <summary>The checksums that S3 verifies and keeps, besides MD5.</summary>
internal enum ChecksumAlgorithm
{
    /// <summary>CRC-32 (ISO-HDLC).</summary>
    Crc32,

    /// <summary>CRC-32C (Castagnoli).</summary>
    Crc32C,

    /// <summary>CRC-64/NVME.</summary>
    Crc64Nvme,

    /// <summary>SHA-1.</summary>
    Sha1,

    /// <summary>SHA-256.</summary>
    Sha256,
}

/// <summary>Names and sizes of the algorithms.</summary>
internal static class ChecksumAlgorithms
{
    /// <summary>The one that S3 computes where the client gives none.</summary>
    public const ChecksumAlgorithm Default = ChecksumAlgorithm.Crc64Nvme;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ChecksumAlgorithm> All { get; } = Enum.GetValues<ChecksumAlgorithm>();

    /// <summary>The name in headers' values and documents: <c>CRC32C</c>.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <returns>Upper case.</returns>
    public static string Name(this ChecksumAlgorithm algorithm) => algorithm.ToString().ToUpperInvariant();

    /// <summary>The header that carries a value: <c>x-amz-checksum-crc32c</c>.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <returns>Lower case.</returns>
    public static string Header(this ChecksumAlgorithm algorithm) => "x-amz-checksum-" + algorithm.ToString().ToLowerInvariant();

    /// <summary>The element that carries a value: <c>ChecksumCRC32C</c>.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <returns>The element's name.</returns>
    public static string Element(this ChecksumAlgorithm algorithm) => "Checksum" + algorithm.Name();

    /// <summary>Length of a value.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <returns>Bytes.</returns>
    public static int Size(this ChecksumAlgorithm algorithm) => algorithm switch
    {
        ChecksumAlgorithm.Crc64Nvme => 8,
        ChecksumAlgorithm.Sha1 => 20,
        ChecksumAlgorithm.Sha256 => 32,
        _ => 4,
    };

    /// <summary>Whether values of parts combine into the value of the whole.</summary>
    /// <param name="algorithm">The algorithm.</param>
    /// <returns>True for the CRCs.</returns>
    public static bool Combines(this ChecksumAlgorithm algorithm) => algorithm is not (ChecksumAlgorithm.Sha1 or ChecksumAlgorithm.Sha256);

    /// <summary>The algorithm that a request asks the service to compute.</summary>
    /// <param name="headers">Request headers.</param>
    /// <returns>The algorithm, or null. Throws InvalidRequest where there is none of that name.</returns>
    public static ChecksumAlgorithm? Asked(HttpHeaderList headers) => headers.Get("x-amz-checksum-algorithm") is not { } name
        ? null
        : Find(name) ?? throw S3Exception.InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");

    /// <summary>Finds an algorithm by the name that S3 uses.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <returns>The algorithm, or null.</returns>
    public static ChecksumAlgorithm? Find(string name)
    {
        foreach (ChecksumAlgorithm algorithm in All)
        {
            if (name.Equals(algorithm.Name(), StringComparison.OrdinalIgnoreCase))
            {
                return algorithm;
            }
        }

        return null;
    }
}
