using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Builders;

/// <summary>A buildx builder: where images are built.</summary>
public sealed class LabBuilder
{
    /// <summary>Its name, as <c>-Builder</c> takes it.</summary>
    public required string Name { get; init; }

    /// <summary>What runs BuildKit: <c>docker</c> (the engine itself), <c>docker-container</c>, <c>kubernetes</c> or <c>remote</c>.</summary>
    public required string Driver { get; init; }

    /// <summary>Whether builds use it that name no other.</summary>
    public required bool IsCurrent { get; init; }

    /// <summary>State of its nodes: <c>running</c>, <c>inactive</c>, <c>stopped</c>, <c>error</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Platforms that it builds for.</summary>
    public required IReadOnlyList<string> Platforms { get; init => field = TextList.Of(value); }

    /// <summary>Its nodes.</summary>
    public required IReadOnlyList<LabBuilderNode> Nodes { get; init => field = TextList.Of(value); }

    /// <summary>When it last built something; null for never.</summary>
    public DateTimeOffset? LastActivity { get; init; }

    /// <summary>Why it cannot be used, or null.</summary>
    public string? Problem { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One node of a builder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Endpoint">The docker context, the engine's address or the BuildKit address that it runs on.</param>
/// <param name="Status"><c>running</c>, <c>inactive</c>, <c>stopped</c> or <c>error</c>.</param>
/// <param name="Version">Version of BuildKit, where it runs.</param>
/// <param name="Platforms">Platforms that it builds for.</param>
public sealed record LabBuilderNode(string Name, string Endpoint, string Status, string? Version, TextList<string> Platforms)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
