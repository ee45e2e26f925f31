using CloudLab.Core.Common;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Builds;

/// <summary>What a build came to.</summary>
public sealed class LabImageBuild
{
    /// <summary>The image's first name, or its digest where it has no name; null where no image was made. Binds <c>-Image</c>.</summary>
    public string? Image { get; init; }

    /// <summary>All its names.</summary>
    public required IReadOnlyList<string> Tags { get; init => field = TextList.Of(value); }

    /// <summary>Digest of the image: of the index over all platforms where there is one. Null where no image was made.</summary>
    public string? Digest { get; init; }

    /// <summary>The platforms it was built for, each with the digest of its own manifest where it is known.</summary>
    public required IReadOnlyList<LabImagePlatform> Platforms { get; init => field = TextList.Of(value); }

    /// <summary>Bytes that it takes in the engine, all platforms together; 0 where it is not there.</summary>
    public long Size => Platforms.Sum(platform => platform.Size);

    /// <summary>Digests of the attestations about it (provenance, SBOM), where they are known.</summary>
    public IReadOnlyList<string> Attestations { get; init => field = TextList.Of(value); } = TextList.Create<string>([]);

    /// <summary>The Dockerfile's steps, for each platform.</summary>
    public IReadOnlyList<LabBuildStep> Steps { get; init => field = TextList.Of(value); } = TextList.Create<LabBuildStep>([]);

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Number of the Dockerfile's steps, counted for each platform.</summary>
    public required int StepCount { get; init; }

    /// <summary>How many of them came from the cache.</summary>
    public required int CachedSteps { get; init; }

    /// <summary>What the Dockerfile's checks complain of.</summary>
    public required IReadOnlyList<LabBuildWarning> Warnings { get; init => field = TextList.Of(value); }

    /// <summary>Whether it was pushed to a registry.</summary>
    public required bool Pushed { get; init; }

    /// <summary>Whether it is in the Docker Engine now.</summary>
    public required bool Loaded { get; init; }

    /// <summary>The stage of the Dockerfile, or the target of the bake file, that was asked for; null for a Dockerfile's last stage.</summary>
    public string? Target { get; init; }

    /// <summary>The build context's folder, or its address.</summary>
    public required string ContextPath { get; init; }

    /// <summary>The Dockerfile; null where it was given as text, or is not a file here.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>buildx's own name of the build (builder/node/id), for <c>docker buildx history</c>.</summary>
    public string? BuildReference { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Image ?? ContextPath;
}

/// <summary>A complaint of the Dockerfile's checks.</summary>
/// <param name="Message">The rule and what it found.</param>
/// <param name="Line">Line of the Dockerfile, or null.</param>
/// <param name="Url">Where the rule is explained, or null.</param>
public sealed record LabBuildWarning(string Message, int? Line, string? Url)
{
    /// <inheritdoc/>
    public override string ToString() => Message;
}

/// <summary>A step of the Dockerfile in a build.</summary>
/// <param name="Instruction">What the Dockerfile says: <c>RUN make</c>.</param>
/// <param name="Platform">The platform, or null where there is only one.</param>
/// <param name="Stage">Name of the stage, or null.</param>
/// <param name="Number">Number in the stage.</param>
/// <param name="Duration">How long it took; null where BuildKit does not tell.</param>
/// <param name="Cached">Whether its result came from the cache.</param>
public sealed record LabBuildStep(string Instruction, string? Platform, string? Stage, int Number, TimeSpan? Duration, bool Cached)
{
    /// <inheritdoc/>
    public override string ToString() => Instruction;
}
