namespace CloudLab.Emulator.S3.Checksums;

/// <summary>A checksum that is kept with an object or a part.</summary>
/// <param name="Algorithm">Which.</param>
/// <param name="Value">Base64; with <c>-N</c> behind it where it is a checksum of N parts' checksums.</param>
/// <param name="Composite">True for a checksum of checksums, false for one of the whole object's data.</param>
internal sealed record ObjectChecksum(ChecksumAlgorithm Algorithm, string Value, bool Composite = false)
{
    /// <summary>How S3 calls the kind.</summary>
    public string TypeName => Composite ? "COMPOSITE" : "FULL_OBJECT";
}
