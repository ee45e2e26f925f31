using System.Diagnostics.CodeAnalysis;
using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Compose;

/// <summary>A compose project that has containers in a Docker Engine.</summary>
public sealed class LabComposeProject
{
    /// <summary>Its name. Binds <c>-ProjectName</c>.</summary>
    public required string Project { get; init; }

    /// <summary>States of its containers: <c>3 running, 1 exited</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Names of its services that have containers.</summary>
    public required IReadOnlyList<string> Services { get; init => field = TextList.Of(value); }

    /// <summary>How many of its containers run.</summary>
    public required int Running { get; init; }

    /// <summary>How many containers it has.</summary>
    public required int Total { get; init; }

    /// <summary>Its compose files, as they were named when it was started. Binds <c>-Path</c>.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Only an array binds by property name before an object's text does.")]
    public required string[] Path { get; init; }

    /// <summary>Folder to which its paths are relative.</summary>
    public string? WorkingFolder { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Project;
}
