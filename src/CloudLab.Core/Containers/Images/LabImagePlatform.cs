namespace CloudLab.Core.Containers.Images;

/// <summary>One platform of an image.</summary>
/// <param name="Platform">Its name: <c>linux/arm64</c>.</param>
/// <param name="Digest">Digest of its manifest; null where the image is not kept by platform.</param>
/// <param name="Size">Bytes it takes in the engine; 0 where it is not there.</param>
/// <param name="Available">Whether its content is in the engine, or only known to exist.</param>
public sealed record LabImagePlatform(string Platform, string? Digest, long Size, bool Available)
{
    /// <inheritdoc/>
    public override string ToString() => Platform;
}
