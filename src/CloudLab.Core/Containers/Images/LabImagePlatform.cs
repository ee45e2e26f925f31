using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Images;

/// <summary>One platform of an image.</summary>
/// <param name="Platform">Its name: <c>linux/arm64</c>.</param>
/// <param name="Digest">Digest of its manifest; null where the image is not kept by platform.</param>
/// <param name="Size">Bytes it takes in the engine; 0 where it is not there.</param>
/// <param name="Available">Whether its content is in the engine, or only known to exist.</param>
public sealed record LabImagePlatform(string Platform, string? Digest, long Size, bool Available)
{
    /// <summary>The image, in the output of Get-LabImagePlatform. Binds <c>-Image</c>.</summary>
    public string? Image { get; init; }

    /// <summary>When it was built, where Get-LabImagePlatform asked.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Number of layers, where Get-LabImagePlatform asked.</summary>
    public int? LayerCount { get; init; }

    /// <summary>What a container runs: entrypoint and command.</summary>
    public TextList<string>? Command { get; init; }

    /// <summary>User that it runs as; empty for root.</summary>
    public string? User { get; init; }

    /// <summary>Folder that it runs in.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Environment variables.</summary>
    public TextList<string>? Environment { get; init; }

    /// <summary>Ports that it says it listens on: <c>8000/tcp</c>.</summary>
    public TextList<string>? ExposedPorts { get; init; }

    /// <summary>Digests of the attestations about it: provenance, SBOM.</summary>
    public TextList<string>? Attestations { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Platform;
}
