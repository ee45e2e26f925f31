namespace CloudLab.Emulator.S3.Storage;

/// <summary>The copy of an archived object that a restore brings back for some time.</summary>
/// <param name="Ready">From when it can be read.</param>
/// <param name="Expires">From when it cannot be read any more.</param>
internal sealed record ObjectRestore(DateTimeOffset Ready, DateTimeOffset Expires);
