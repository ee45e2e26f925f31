namespace CloudLab.Core.Sessions.Docker;

/// <summary>A context of the docker CLI: a name for a Docker Engine.</summary>
public sealed class LabDockerContext
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Address of its engine; null where the context cannot be read.</summary>
    public string? DockerHost { get; init; }

    /// <summary>What its maker wrote about it, or null.</summary>
    public string? Description { get; init; }

    /// <summary>Whether it is the one that this session uses.</summary>
    public required bool IsCurrent { get; init; }

    /// <summary>Why it cannot be used, or null.</summary>
    public string? Problem { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
