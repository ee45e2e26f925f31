using System.Globalization;
using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>What separates a container, or any other process, from its host.</summary>
public sealed class LabContainerIsolation
{
    /// <summary>Name of the container; of the program for a process that is none.</summary>
    public required string Name { get; init; }

    /// <summary>The engine's id of the container; null for a process that is none.</summary>
    public string? Id { get; init; }

    /// <summary>Its image; null for a process that is none.</summary>
    public string? Image { get; init; }

    /// <summary>Its main process, as the host numbers it.</summary>
    public required int ProcessId { get; init; }

    /// <summary>Its namespaces beside the host's.</summary>
    public required IReadOnlyList<LabNamespaceComparison> Namespaces { get; init => field = TextList.Of(value); }

    /// <summary>Types of the namespaces that are its own.</summary>
    public IReadOnlyList<string> Own => TextList.Of([.. Namespaces.Where(n => n.Shared == false).Select(n => n.Type)]);

    /// <summary>Types of the namespaces that it shares with the host.</summary>
    public IReadOnlyList<string> Shared => TextList.Of([.. Namespaces.Where(n => n.Shared == true).Select(n => n.Type)]);

    /// <summary>Its control group, with limits and usage; null where there are none.</summary>
    public LabCgroup? Cgroup { get; init; }

    /// <summary>The layers of its root folder on this machine's disk, the topmost first; none where that is no overlay.</summary>
    public required IReadOnlyList<LabContainerLayer> Layers { get; init => field = TextList.Of(value); }

    /// <summary>Whether it cannot write to its root folder.</summary>
    public required bool ReadOnlyRoot { get; init; }

    /// <summary>The user that it acts as on the host.</summary>
    public required string HostUser { get; init; }

    /// <summary>Whether it acts as root on the host, not only within a user namespace.</summary>
    public required bool IsHostRoot { get; init; }

    /// <summary>Its users within the namespace, those of the host, and how many: <c>0 100000 65536</c>.</summary>
    public required IReadOnlyList<string> UserMap { get; init => field = TextList.Of(value); }

    /// <summary>The rights of root that it has.</summary>
    public required IReadOnlyList<string> Capabilities { get; init => field = TextList.Of(value); }

    /// <summary>The rights of root that it does not have.</summary>
    public required IReadOnlyList<string> DroppedCapabilities { get; init => field = TextList.Of(value); }

    /// <summary>What filters its system calls: Disabled, Strict or Filter.</summary>
    public required string Seccomp { get; init; }

    /// <summary>Whether a set-user-id program gives it no further rights.</summary>
    public required bool NoNewPrivileges { get; init; }

    /// <summary>Its AppArmor profile or SELinux label; null for none.</summary>
    public string? SecurityLabel { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({ProcessId}): own {Own}");
}

/// <summary>A namespace of a process beside the host's.</summary>
/// <param name="Type">Its type in the kernel's words.</param>
/// <param name="Inode">Its number.</param>
/// <param name="HostInode">The number of process 1's; null where that may not be looked at.</param>
/// <param name="Shared">Whether they are the same; null where that is unknown.</param>
public sealed record LabNamespaceComparison(string Type, long Inode, long? HostInode, bool? Shared)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Type} {(Shared switch { true => "shared", false => "own", _ => "unknown" })}";
}

/// <summary>A layer of a container's root folder.</summary>
/// <param name="Number">1 for the lowest.</param>
/// <param name="Kind">ReadOnly, of the image; Init, the few files that the engine puts in; Writable, what the container writes.</param>
/// <param name="Path">Its folder.</param>
/// <param name="Size">Bytes of its files; null where it was not counted.</param>
public sealed record LabContainerLayer(int Number, string Kind, string Path, long? Size)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Path}";
}
