using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Checksums;

/// <summary>Checksums as people have them: in Base64, as S3 writes them, or in hexadecimal, as <c>Get-FileHash</c> does.</summary>
internal static class ChecksumText
{
    /// <summary>Makes Base64 of a checksum.</summary>
    /// <param name="algorithm">MD5, CRC32, CRC32C, CRC64NVME, SHA1 or SHA256.</param>
    /// <param name="text">The checksum in Base64 or hexadecimal.</param>
    /// <returns>Base64. Throws <see cref="LabException"/> (InvalidChecksum) where it is neither, or of another length.</returns>
    public static string ToBase64(string algorithm, string text)
    {
        int length = algorithm.ToUpperInvariant() switch
        {
            "CRC32" or "CRC32C" => 4,
            "CRC64NVME" => 8,
            "MD5" => 16,
            "SHA1" => 20,
            _ => 32,
        };

        // No length of Base64 with its padding is twice the number of bytes, so the two cannot be mistaken.
        if (text.Length == 2 * length && text.All(char.IsAsciiHexDigit))
        {
            return Convert.ToBase64String(Convert.FromHexString(text));
        }

        byte[] bytes = new byte[length + 3];
        return Convert.TryFromBase64String(text, bytes, out int count) && count == length
            ? Convert.ToBase64String(bytes, 0, count)
            : throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidChecksum",
                $"'{text}' is not a {algorithm} checksum: give its {length} bytes in Base64, or as {2 * length} hexadecimal digits (the format of Get-FileHash).");
    }
}
