using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>A namespace of the Linux kernel, and who is in it.</summary>
public sealed class LabLinuxNamespace
{
    /// <summary>Its type in the kernel's words: cgroup, ipc, mnt, net, pid, time, user or uts.</summary>
    public required string Type { get; init; }

    /// <summary>Its number: two processes that have the same one are in the same namespace.</summary>
    public required long Inode { get; init; }

    /// <summary>Whether it is the host's, that of process 1; null where that may not be looked at.</summary>
    public bool? Shared { get; init; }

    /// <summary>Number of processes in it, as far as they may be looked at.</summary>
    public required int ProcessCount { get; init; }

    /// <summary>The process that was asked for; else the oldest one in it.</summary>
    public required int ProcessId { get; init; }

    /// <summary>That process's program.</summary>
    public required string ProcessName { get; init; }

    /// <summary>That process's user.</summary>
    public required string User { get; init; }

    /// <summary>The file that stands for it, for nsenter and lsns.</summary>
    public required string Path { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Type}:[{Inode}]");
}

/// <summary>Reads the namespaces of this machine's processes.</summary>
public sealed class NamespaceReader
{
    private readonly ProcessFiles processes = new();

    /// <summary>Lists all namespaces, by type and then by their oldest process.</summary>
    /// <param name="hidden">Number of processes that may not be looked at.</param>
    /// <returns>Namespaces.</returns>
    public IReadOnlyList<LabLinuxNamespace> All(out int hidden)
    {
        Dictionary<(string Type, long Inode), (int Process, int Count)> members = Members(out hidden);
        return [.. members.OrderBy(m => m.Key.Type, StringComparer.Ordinal).ThenBy(m => m.Value.Process).Select(m => Of(m.Key.Type, m.Key.Inode, m.Value.Process, m.Value.Count))];
    }

    /// <summary>Lists the namespaces of a process.</summary>
    /// <param name="ids">The processes.</param>
    /// <returns>For each process its namespaces, or why there are none: <c>ProcessNotFound</c>, <c>ProcessDenied</c>.</returns>
    public IEnumerable<(int Process, IReadOnlyList<LabLinuxNamespace> Found, LabException? Problem)> Of(IReadOnlyList<int> ids)
    {
        Dictionary<(string Type, long Inode), (int Process, int Count)> members = Members(out _);
        foreach (int id in ids)
        {
            LabLinuxNamespace[] found =
            [
                .. ProcessFiles.NamespaceTypes.Select(type => (Type: type, Inode: processes.Namespace(id, type))).Where(n => n.Inode is not null)
                    .Select(n => Of(n.Type, n.Inode!.Value, id, members.GetValueOrDefault((n.Type, n.Inode.Value)).Count)),
            ];
            yield return (id, found, found.Length > 0 ? null : Missing(processes, id));
        }
    }

    /// <summary>Types of the namespaces of a process that this process is not in.</summary>
    /// <param name="id">The process.</param>
    /// <returns>Types, of those that can be entered. Throws <see cref="LabException"/> (<c>ProcessNotFound</c>, <c>ProcessDenied</c>).</returns>
    public static IReadOnlyList<string> OtherThanMine(int id)
    {
        ProcessFiles processes = new();
        return processes.Namespace(id, "mnt") is null ? throw Missing(processes, id)
            : [.. ProcessFiles.NamespaceTypes.Where(type => type != "time" && processes.Namespace(id, type) != processes.Namespace(Environment.ProcessId, type))];
    }

    /// <summary>Why nothing is known of a process.</summary>
    /// <param name="processes">The processes.</param>
    /// <param name="id">The process.</param>
    /// <returns>The error.</returns>
    internal static LabException Missing(ProcessFiles processes, int id) => processes.Exists(id)
        ? new LabException(LabErrorKind.AccessDenied, "ProcessDenied", $"The namespaces of process {id} belong to another user: start PowerShell with sudo.") { Target = id }
        : new LabException(LabErrorKind.NotFound, "ProcessNotFound", $"There is no process {id}.") { Target = id, Advice = "Get-Process lists the processes." };

    private Dictionary<(string Type, long Inode), (int Process, int Count)> Members(out int hidden)
    {
        Dictionary<(string Type, long Inode), (int Process, int Count)> members = [];
        hidden = 0;
        foreach (int process in processes.All.Order())
        {
            bool seen = false;
            foreach (string type in ProcessFiles.NamespaceTypes)
            {
                if (processes.Namespace(process, type) is { } inode)
                {
                    seen = true;
                    members[(type, inode)] = members.TryGetValue((type, inode), out (int Process, int Count) known) ? (known.Process, known.Count + 1) : (process, 1);
                }
            }

            // One that has ended meanwhile is not hidden.
            hidden += !seen && processes.Exists(process) ? 1 : 0;
        }

        return members;
    }

    private LabLinuxNamespace Of(string type, long inode, int process, int count) => new()
    {
        Type = type,
        Inode = inode,
        Shared = processes.HostNamespace(type) is { } first ? first == inode : null,
        ProcessCount = count,
        ProcessId = process,
        ProcessName = processes.NameOf(process),
        User = processes.UserOf(process),
        Path = processes.PathOf(process, "ns/" + type),
    };
}
