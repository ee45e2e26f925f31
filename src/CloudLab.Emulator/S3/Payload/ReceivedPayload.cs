using CloudLab.Emulator.S3.Checksums;
using CloudLab.Emulator.S3.Storage;

namespace CloudLab.Emulator.S3.Payload;

/// <summary>A body that has arrived and is what its headers say.</summary>
/// <param name="Content">The data, held once by the caller.</param>
/// <param name="ETag">MD5 in hex.</param>
/// <param name="Checksum">The checksum that was given, or asked for; else null.</param>
internal sealed record ReceivedPayload(Blob Content, string ETag, ObjectChecksum? Checksum);
