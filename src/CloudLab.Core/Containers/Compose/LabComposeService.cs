using System.Diagnostics.CodeAnalysis;
using CloudLab.Core.Common;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Core.Containers.Compose;

/// <summary>A service of a compose project, with its containers.</summary>
public sealed class LabComposeService
{
    /// <summary>Name of the project. Binds <c>-ProjectName</c>.</summary>
    public required string Project { get; init; }

    /// <summary>Name of the service. Binds <c>-Service</c>.</summary>
    public required string Service { get; init; }

    /// <summary>State of its containers in the engine's words, the worst of them; <c>absent</c> where it has none.</summary>
    public required string State { get; init; }

    /// <summary>healthy, unhealthy or starting, the worst of its containers; null without a health check.</summary>
    public string? Health { get; init; }

    /// <summary>Exit code of a container that has ended, one other than 0 if there is one; null while all run.</summary>
    public int? ExitCode { get; init; }

    /// <summary>How many of its containers run.</summary>
    public required int Running { get; init; }

    /// <summary>How many it is to have; null where the compose file is not known.</summary>
    public int? Desired { get; init; }

    /// <summary>The image.</summary>
    public string? Image { get; init; }

    /// <summary>Published ports of its containers.</summary>
    public required IReadOnlyList<LabContainerPort> Ports { get; init => field = TextList.Of(value); }

    /// <summary>Names of its containers. Binds the parameter -Name of the cmdlets for containers.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Only an array binds by property name before an object's text does.")]
    public required string[] Container { get; init; }

    /// <summary>Compose files of the project. Binds <c>-Path</c>.</summary>
    [SuppressMessage("Performance", "CA1819", Justification = "Only an array binds by property name before an object's text does.")]
    public required string[] Path { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Service;
}
