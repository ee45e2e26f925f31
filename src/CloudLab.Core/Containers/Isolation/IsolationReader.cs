using System.Globalization;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Docker;
using Docker.DotNet.Models;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>Reads what separates a container from its host.</summary>
public sealed class IsolationReader
{
    // By the number of the bit, as in the kernel's capability.h.
    private static readonly string[] CapabilityNames =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN",
        "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
        "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON",
        "BPF", "CHECKPOINT_RESTORE",
    ];

    private readonly ProcessFiles processes = new();
    private readonly CgroupReader groups = new();

    /// <summary>Finds the main process of a container.</summary>
    /// <param name="session">Names the engine, which must be on this machine.</param>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its id. Throws <see cref="LabException"/> (<c>LinuxNeeded</c>, <c>EngineElsewhere</c>, <c>ContainerNotRunning</c>, <c>ContainerRestarting</c>).</returns>
    public async Task<int> ProcessOfAsync(LabSession session, string container, CancellationToken cancellation) =>
        (await InspectAsync(session, container, cancellation)).Process;

    /// <summary>Reads what separates a container from this machine.</summary>
    /// <param name="session">Names the engine, which must be on this machine.</param>
    /// <param name="container">Name or id of the container.</param>
    /// <param name="sizes">Whether to count the bytes of its layers.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Its isolation. Throws <see cref="LabException"/> (<c>LinuxNeeded</c>, <c>EngineElsewhere</c>, <c>ContainerNotRunning</c>, <c>ContainerRestarting</c>, <c>ProcessDenied</c>).</returns>
    public async Task<LabContainerIsolation> OfContainerAsync(LabSession session, string container, bool sizes, CancellationToken cancellation)
    {
        (ContainerInspectResponse found, int process) = await InspectAsync(session, container, cancellation);
        return Read(process, found, sizes, cancellation);
    }

    /// <summary>Reads what separates a process from this machine.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="sizes">Whether to count the bytes of its layers.</param>
    /// <param name="cancellation">Ends the counting.</param>
    /// <returns>Its isolation. Throws <see cref="LabException"/> (<c>LinuxNeeded</c>, <c>ProcessNotFound</c>, <c>ProcessDenied</c>).</returns>
    public LabContainerIsolation OfProcess(int process, bool sizes, CancellationToken cancellation)
    {
        LinuxMachine.Require("Namespaces and control groups are");
        return Read(process, null, sizes, cancellation);
    }

    // Long lists of layers are mounted with paths from the folder that they are in.
    private static string Full(string path, string? folder) => Path.IsPathFullyQualified(path) || folder is null ? path : Path.GetFullPath(path, folder);

    private static string? CommonFolder(ContainerInspectResponse? container) =>
        container?.GraphDriver?.Data is { } data && data.TryGetValue("UpperDir", out string? upper) ? Path.GetFullPath("../..", upper) : null;

    private async Task<(ContainerInspectResponse Container, int Process)> InspectAsync(LabSession session, string name, CancellationToken cancellation)
    {
        LinuxMachine.Require("Namespaces and control groups are");
        if (session.Docker.Endpoint.IsElsewhere)
        {
            throw Elsewhere(session, name, "is on another machine");
        }

        ContainerInspectResponse container = await new ContainerStore(session).InspectAsync(name, cancellation);
        string called = container.Name.TrimStart('/');
        if (container.State is not { Pid: > 0 } state)
        {
            throw ContainerFaults.NotRunning(called, container.State?.Status);
        }

        // The engine's number of the process means another one where the engine is in a virtual machine, or this process is in a container.
        int process = (int)state.Pid;
        return processes.Lines(process, "cgroup").Any(line => line.Contains(container.ID, StringComparison.Ordinal)) || processes.Lines(process, "mountinfo").Any(line => line.Contains(container.ID, StringComparison.Ordinal))
            ? (container, process)
            : throw Elsewhere(session, called, $"does not run its containers among this machine's processes (there is no process {process} of '{called}' here)");
    }

    private static LabException Elsewhere(LabSession session, string container, string why) => new(
        LabErrorKind.NotSupported, "EngineElsewhere", $"The Docker Engine at {session.Docker.HostSetting.Value} {why}: run PowerShell on the engine's own machine, outside of containers, to see how '{container}' is isolated.")
    {
        Target = container,
    };

    private LabContainerIsolation Read(int process, ContainerInspectResponse? container, bool sizes, CancellationToken cancellation)
    {
        LabNamespaceComparison[] namespaces =
        [
            .. ProcessFiles.NamespaceTypes.Select(type => (Type: type, Own: processes.Namespace(process, type), Host: processes.HostNamespace(type))).Where(n => n.Own is not null)
                .Select(n => new LabNamespaceComparison(n.Type, n.Own!.Value, n.Host, n.Host is null ? null : n.Own == n.Host)),
        ];
        if (namespaces.Length == 0)
        {
            throw NamespaceReader.Missing(processes, process);
        }

        ulong effective = ulong.TryParse(processes.Status(process, "CapEff"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong bits) ? bits : 0;
        int last = int.TryParse(File.Exists("/proc/sys/kernel/cap_last_cap") ? File.ReadAllText("/proc/sys/kernel/cap_last_cap").Trim() : null, out int number) ? number : CapabilityNames.Length - 1;
        string[] known = [.. Enumerable.Range(0, last + 1).Select(bit => bit < CapabilityNames.Length ? CapabilityNames[bit] : string.Create(CultureInfo.InvariantCulture, $"CAP_{bit}"))];
        MountEntry? root = processes.Lines(process, "mountinfo").Count > 0
            ? MountTable.Read(processes.PathOf(process, "mountinfo")).LastOrDefault(mount => mount.Path == "/") : null;
        return new LabContainerIsolation
        {
            Name = container?.Name.TrimStart('/') ?? processes.NameOf(process),
            Id = container?.ID,
            Image = container?.Config?.Image,
            ProcessId = process,
            Namespaces = namespaces,
            Cgroup = groups.Of(process),
            Layers = [.. root is { Type: "overlay" } ? Layers(root, container, sizes, cancellation) : []],
            ReadOnlyRoot = root?.ReadOnly ?? false,
            HostUser = processes.UserOf(process),
            IsHostRoot = processes.UserIdOf(process) == "0",
            UserMap = [.. processes.Lines(process, "uid_map").Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))],
            Capabilities = [.. known.Where((_, bit) => (effective >> bit & 1) != 0)],
            DroppedCapabilities = [.. known.Where((_, bit) => (effective >> bit & 1) == 0)],
            Seccomp = processes.Status(process, "Seccomp") switch { "1" => "Strict", "2" => "Filter", _ => "Disabled" },
            NoNewPrivileges = processes.Status(process, "NoNewPrivs") == "1",
            SecurityLabel = processes.Lines(process, "attr/current").FirstOrDefault()?.TrimEnd('\0') is { Length: > 0 } label ? label : null,
        };
    }

    private static IEnumerable<LabContainerLayer> Layers(MountEntry root, ContainerInspectResponse? container, bool sizes, CancellationToken cancellation)
    {
        string? folder = CommonFolder(container);
        List<string> lower = [.. root.Lower];
        int number = lower.Count + 1;
        if (root.Upper is { } upper)
        {
            yield return Of(upper, "Writable", number);
        }

        foreach (string path in lower)
        {
            // The engine's files for /etc and /dev, on top of the image, and a mark that this is a container.
            bool init = --number == lower.Count && container is not null && File.Exists(Path.Combine(Full(path, folder), ".dockerenv"));
            yield return Of(path, init ? "Init" : "ReadOnly", number);
        }

        LabContainerLayer Of(string path, string kind, int place)
        {
            string full = Full(path, folder);

            // The engine's short names for its layers are links.
            string real = Directory.Exists(full) ? Directory.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full : full;
            return new LabContainerLayer(place, kind, real, sizes && Directory.Exists(real) ? Size(real, cancellation) : null);
        }
    }

    private static long Size(string folder, CancellationToken cancellation)
    {
        long size = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true }))
        {
            cancellation.ThrowIfCancellationRequested();
            size += LinuxCalls.Look(file).Size;
        }

        return size;
    }
}
