namespace CloudLab.Core.Containers.Usage;

/// <summary>What takes disk space in a Docker Engine.</summary>
public enum DockerUsageKind
{
    /// <summary>Images.</summary>
    Images,

    /// <summary>What containers have written.</summary>
    Containers,

    /// <summary>Volumes.</summary>
    Volumes,

    /// <summary>The build cache.</summary>
    BuildCache,
}

/// <summary>How much disk space one kind of thing takes.</summary>
public sealed class LabDockerUsage
{
    /// <summary>What it is.</summary>
    public required DockerUsageKind Kind { get; init; }

    /// <summary>How many there are.</summary>
    public required int Count { get; init; }

    /// <summary>How many are in use: images of containers, containers that run, volumes of containers, cache records of running builds.</summary>
    public required int Active { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of those that are not in use.</summary>
    public required long Reclaimable { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Common.Reporting.ProgressMeter.FormatBytes(Size)}";
}

/// <summary>What was removed of the build cache.</summary>
public sealed class LabBuildCacheRemoval
{
    /// <summary>Number of records.</summary>
    public required int Count { get; init; }

    /// <summary>Bytes that were freed.</summary>
    public required long Size { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Count} records, {Common.Reporting.ProgressMeter.FormatBytes(Size)}";
}
