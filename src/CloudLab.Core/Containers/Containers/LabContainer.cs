using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Containers;

/// <summary>A container in a Docker Engine.</summary>
public sealed class LabContainer
{
    /// <summary>Its name. Binds <c>-Name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The engine's id: 64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The first 12 digits of the id, as the docker CLI shows it.</summary>
    public string ShortId => Id.Length > 12 ? Id[..12] : Id;

    /// <summary>The image it was made from, as it was named then. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The engine's id of the image.</summary>
    public required string ImageId { get; init; }

    /// <summary>What runs in it.</summary>
    public required string Command { get; init; }

    /// <summary>State in the engine's words: created, running, paused, restarting, removing, exited or dead.</summary>
    public required string State { get; init; }

    /// <summary>Since when, in the engine's words: <c>Up 2 minutes</c>, <c>Exited (137) 3 hours ago</c>.</summary>
    public required string Status { get; init; }

    /// <summary>healthy, unhealthy or starting; null without a health check, and where it does not run.</summary>
    public string? Health { get; init; }

    /// <summary>Exit code of a container that has ended; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its ports, published or not.</summary>
    public required IReadOnlyList<LabContainerPort> Ports { get; init => field = TextList.Of(value); }

    /// <summary>What is mounted in it.</summary>
    public required IReadOnlyList<LabContainerMount> Mounts { get; init => field = TextList.Of(value); }

    /// <summary>Names of its networks.</summary>
    public required IReadOnlyList<string> Networks { get; init => field = TextList.Of(value); }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init => field = TextDictionary.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A port of a container.</summary>
/// <param name="HostAddress">Address of the engine's machine at which it is published; null where it is not.</param>
/// <param name="HostPort">Port of the engine's machine; null where it is not published.</param>
/// <param name="ContainerPort">Port in the container.</param>
/// <param name="Protocol">tcp, udp or sctp.</param>
public sealed record LabContainerPort(string? HostAddress, int? HostPort, int ContainerPort, string Protocol)
{
    /// <inheritdoc/>
    public override string ToString() => HostPort is null
        ? $"{ContainerPort}/{Protocol}"
        : $"{(HostAddress?.Contains(':', StringComparison.Ordinal) == true ? $"[{HostAddress}]" : HostAddress)}:{HostPort}->{ContainerPort}/{Protocol}";
}

/// <summary>Something mounted in a container.</summary>
/// <param name="Type">bind, volume or tmpfs.</param>
/// <param name="Source">Name of the volume, or path on the engine's machine.</param>
/// <param name="Destination">Path in the container.</param>
/// <param name="ReadOnly">Whether the container may not write to it.</param>
public sealed record LabContainerMount(string Type, string Source, string Destination, bool ReadOnly)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Source}:{Destination}{(ReadOnly ? ":ro" : "")}";
}
