using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Sessions;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>A command to run in namespaces.</summary>
public sealed record NamespaceOptions
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Types of namespaces in the kernel's words: new ones, or those of <see cref="Target"/>.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>A process whose namespaces are entered; new ones are made if null.</summary>
    public int? Target { get; init; }

    /// <summary>The host name in a new UTS namespace; the host's if null.</summary>
    public string? Hostname { get; init; }

    /// <summary>The folder that is the root folder for the command; that of this process if null.</summary>
    public string? Root { get; init; }

    /// <summary>Current folder; as the command sees it.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Current folder of this process, which the command has too where nothing else is said.</summary>
    public required string Folder { get; init; }

    /// <summary>Further variables; a null value takes this process's own, as it is.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Limit of memory as the user wrote it: <c>64m</c>.</summary>
    public string? Memory { get; init; }

    /// <summary>Limit of processor time, in processors.</summary>
    public double? Cpu { get; init; }

    /// <summary>Limit of the number of processes.</summary>
    public int? Processes { get; init; }
}

/// <summary>A command that is running in namespaces: <c>unshare</c> and <c>nsenter</c> of util-linux make and enter them, control groups limit it.</summary>
public sealed class NamespaceRun : IDisposable
{
    // In the new namespaces, before the command: join the control groups, name the host, tell that all is prepared.
    private const string Prepare = """
        marker=$1 hostname=$2; shift 2
        while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done
        shift
        if [ -n "$hostname" ]; then printf %s "$hostname" 2>/dev/null > /proc/sys/kernel/hostname || hostname "$hostname" || exit 125; fi
        [ -z "$marker" ] || echo prepared > "$marker" || exit 125
        exec "$@"
        """;

    private const int LongestHostname = 64;

    private static readonly Dictionary<string, string> Switches = new()
    {
        ["cgroup"] = "--cgroup", ["ipc"] = "--ipc", ["mnt"] = "--mount", ["net"] = "--net", ["pid"] = "--pid", ["user"] = "--user", ["uts"] = "--uts",
    };

    private readonly Process process;
    private readonly CgroupBox? box;
    private readonly CgroupLimits limits;
    private readonly NamespaceOptions options;
    private readonly string? marker;
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly List<string> preparing = [];
    private readonly PosixSignalRegistration[] signals;
    private bool prepared;

    private NamespaceRun(Process process, CgroupBox? box, CgroupLimits limits, NamespaceOptions options, string? marker)
    {
        (this.process, this.box, this.limits, this.options, this.marker) = (process, box, limits, options, marker);

        // What enters namespaces cannot tell that it is about to run the command: it runs in a mount namespace without our files.
        prepared = marker is null;

        // A PowerShell that is told to end, by a closed terminal for one, does not stop its pipelines.
        signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, _ => Clear()))];
    }

    /// <summary>How long it runs.</summary>
    public TimeSpan Duration => Stopwatch.GetElapsedTime(start);

    /// <summary>Its control group as it was at the end; null without limits.</summary>
    public LabCgroup? Cgroup { get; private set; }

    /// <summary>Checks what is asked for, before anything is started.</summary>
    /// <param name="options">What is asked for.</param>
    /// <returns>Its limits. Throws <see cref="LabException"/> (<c>HostnameNeedsUts</c>, <c>HostnameInvalid</c>, <c>TargetConflict</c>, <c>SizeInvalid</c>, <c>RootNeeded</c>, <c>RootFolderMissing</c>, <c>ProcessNotFound</c>).</returns>
    public static CgroupLimits Check(NamespaceOptions options)
    {
        // The tools that make the namespaces run within the limit, too.
        if (options.Memory is { } least && ContainerText.Bytes(least) < 1024 * 1024)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "MemoryLimitTooSmall", $"-Memory {least} is not enough for any command to start: give at least 1m.");
        }

        CgroupLimits limits = new(options.Memory is { } memory ? ContainerText.Bytes(memory) : null, options.Cpu, options.Processes);
        if (options.Hostname is not null && !options.Namespaces.Contains("uts"))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "HostnameNeedsUts", "-Hostname needs -Uts: without a UTS namespace of its own the command would rename this machine.");
        }

        if (options.Hostname is { } name && (name.Length > LongestHostname || name[0] is '-' or '.' || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.')))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "HostnameInvalid", $"'{name}' is not a host name: use letters, digits, hyphens and points, {LongestHostname} at most.");
        }

        if (options.Target is not null && (options.Hostname ?? options.Root) is not null)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "TargetConflict", "-Hostname and -Root are for new namespaces: -Mount enters those of a process with its root folder.");
        }

        if (options.Target is { } target)
        {
            if (!options.Namespaces.Contains("user"))
            {
                LinuxMachine.RequireRoot("The namespaces of another process");
            }

            ProcessFiles processes = new();
            if (options.Namespaces.Any(type => processes.Namespace(target, type) is null))
            {
                throw NamespaceReader.Missing(processes, target);
            }
        }

        if (options.Root is { } root && !Directory.Exists(root))
        {
            throw new LabException(LabErrorKind.NotFound, "RootFolderMissing", $"There is no folder '{root}' to be the root folder: unpack an image there, for instance with Mount-LabOverlay.") { Target = root, StopsCommand = true };
        }

        if (!limits.IsEmpty)
        {
            LinuxMachine.RequireRoot("Limits (-Memory, -Cpu, -Pids)");
        }

        if (options.Target is null && (options.Namespaces.Count > 0 || options.Root is not null) && !options.Namespaces.Contains("user"))
        {
            LinuxMachine.RequireRoot("New namespaces and a changed root folder", "add -User, which makes you root in a user namespace of your own");
        }

        return limits;
    }

    /// <summary>Starts a command.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="environment">Gives PATH.</param>
    /// <param name="reporter">Told what is run.</param>
    /// <param name="cancellation">Gives up before the command is started.</param>
    /// <returns>The command. Throws <see cref="LabException"/> (<c>UtilLinuxMissing</c>, <c>CgroupMissing</c>, <c>CgroupFailed</c> and those of <see cref="Check"/>).</returns>
    public static async Task<NamespaceRun> StartAsync(NamespaceOptions options, LabEnvironment environment, IReporter reporter, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(reporter);
        CgroupLimits limits = Check(options);
        string tool = await ToolAsync(options.Target is null ? "unshare" : "nsenter", environment, cancellation);

        // nsenter stays in the group while the command runs in another PID namespace.
        bool stays = options.Target is not null && options.Namespaces.Contains("pid");
        CgroupBox? box = limits.IsEmpty ? null : CgroupBox.Make(limits with { Processes = limits.Processes + (stays ? 1 : 0) });
        string? marker = options.Target is null ? Path.GetTempFileName() : null;
        try
        {
            string[] prepare = ["/bin/sh", "-c", Prepare, "sh", marker ?? "", options.Hostname ?? "", .. box?.JoinFiles ?? [], "--"];
            string[] line = options.Target is { } target
                ? [.. prepare, tool, .. Entering(options, target), "--", .. options.Command]
                : [tool, .. Making(options), "--", .. prepare, .. Inside(options, tool), .. options.Command];
            ProcessStartInfo info = new(line[0])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
                WorkingDirectory = options.WorkingDirectory is { } folder && options.Root is null && options.Target is null ? folder : options.Folder,
            };
            Array.ForEach(line[1..], info.ArgumentList.Add);
            foreach ((string name, string? value) in options.Environment.Where(v => v.Value is not null))
            {
                info.Environment[name] = value;
            }

            reporter.Verbose(options.Target is null
                ? $"{string.Join(' ', [tool, .. Making(options), "--", .. Inside(options, tool), .. options.Command])}"
                : $"{string.Join(' ', [tool, .. line[(Array.IndexOf(line, tool) + 1)..]])}");
            return new NamespaceRun(Begin(info), box, limits, options, marker);
        }
        catch
        {
            box?.Dispose();
            Remove(marker);
            throw;
        }
    }

    /// <summary>Sends input; what the command does not read is dropped as by a closed pipe.</summary>
    /// <param name="bytes">The input.</param>
    /// <param name="cancellation">Gives up waiting for room.</param>
    /// <returns>Done when there is room for more.</returns>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(bytes, cancellation);
            await process.StandardInput.BaseStream.FlushAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended without reading everything, as head does.
        }
    }

    /// <summary>Ends the input.</summary>
    public void CloseInput()
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    /// <summary>Reads the output to its end.</summary>
    /// <param name="onOutput">Takes the lines that came together, and whether they are from standard error.</param>
    /// <param name="cancellation">Ends the command and what it started.</param>
    /// <returns>Exit code. Throws <see cref="LabException"/> (<c>NamespacesRefused</c>) where the command was not started.</returns>
    public async Task<int> ReadAsync(Func<IReadOnlyList<string>, bool, ValueTask> onOutput, CancellationToken cancellation)
    {
        await using CancellationTokenRegistration stop = cancellation.Register(End);
        using SemaphoreSlim turn = new(1);
        async ValueTask TakeAsync(IReadOnlyList<string> lines, bool isError)
        {
            await turn.WaitAsync(CancellationToken.None);
            try
            {
                if (isError && !IsPrepared())
                {
                    preparing.AddRange(lines);
                    return;
                }

                await onOutput(lines, isError);
            }
            finally
            {
                turn.Release();
            }
        }

        // Not cancelled by the token: the streams end with the command.
        Task reading = Task.WhenAll(
            LineSplitter.ReadAsync(process.StandardOutput.BaseStream, lines => TakeAsync(lines, false)),
            LineSplitter.ReadAsync(process.StandardError.BaseStream, lines => TakeAsync(lines, true)));
        try
        {
            await reading;
        }
        catch
        {
            // Whoever takes the lines takes no more.
            End();
            throw;
        }

        await process.WaitForExitAsync(CancellationToken.None);
        Cgroup = box?.Now;
        cancellation.ThrowIfCancellationRequested();
        return IsPrepared() ? process.ExitCode : throw Refused();
    }

    /// <summary>Says which limit the command came up against.</summary>
    /// <returns>A sentence, or null.</returns>
    public string? LimitReached()
    {
        if (Cgroup is not { } used)
        {
            return null;
        }

        return used.OomKills > 0 ? string.Create(CultureInfo.InvariantCulture, $"The memory limit of {Mebibytes(limits.Memory ?? 0)} was reached: the kernel killed {(used.OomKills == 1 ? "a process" : $"{used.OomKills} processes")} of the command.")
            : used.ProcessLimitHits > 0 ? string.Create(CultureInfo.InvariantCulture, $"The limit of {limits.Processes} processes was reached: {used.ProcessLimitHits} further {(used.ProcessLimitHits == 1 ? "one" : "ones")} could not be started.")
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(signals, signal => signal.Dispose());
        Clear();
        process.Dispose();
    }

    private static string Mebibytes(long bytes) => bytes % (1 << 20) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB") : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");

    private static IEnumerable<string> Making(NamespaceOptions options)
    {
        // The control group's namespace is made by Inside, when the command has joined its group: that is the root of what it sees then.
        string[] types = [.. options.Namespaces.Where(type => type != "cgroup")];
        string[] made = [.. types.Select(type => Switches[type])];
        bool mounts = types.Contains("mnt"), processes = types.Contains("pid");
        return
        [
            .. made,
            .. types.Contains("user") ? ["--map-root-user"] : Array.Empty<string>(),
            .. processes ? ["--fork", "--kill-child"] : Array.Empty<string>(),
            .. mounts ? ["--propagation", "private"] : Array.Empty<string>(),
            .. mounts && processes && ProcFolder(options.Root) is { } proc ? [$"--mount-proc={proc}"] : Array.Empty<string>(),
        ];
    }

    private static string? ProcFolder(string? root) => root is null ? "/proc" : Path.Combine(root, "proc") is var inside && Directory.Exists(inside) ? inside : null;

    private static IEnumerable<string> Inside(NamespaceOptions options, string tool)
    {
        bool group = options.Namespaces.Contains("cgroup");
        return !group && options.Root is null ? [] :
        [
            tool,
            .. group ? ["--cgroup"] : Array.Empty<string>(),
            .. options.Root is { } root ? ["--root", root, "--wd", options.WorkingDirectory ?? "/"] : Array.Empty<string>(),
            "--",
        ];
    }

    private static IEnumerable<string> Entering(NamespaceOptions options, int target) =>
    [
        "--target", target.ToString(CultureInfo.InvariantCulture),
        .. options.Namespaces.Select(type => Switches[type]),
        .. options.WorkingDirectory is { } folder ? [$"{(options.Namespaces.Contains("mnt") ? "--wdns" : "--wd")}={folder}"] : Array.Empty<string>(),
    ];

    private static async Task<string> ToolAsync(string name, LabEnvironment environment, CancellationToken cancellation)
    {
        string? path = Executables.Find(name, environment) ?? Executables.In(["/usr/bin", "/bin"], name);
        string? problem = "is not installed";
        if (path is not null)
        {
            ProcessStartInfo info = new(path, ["--version"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            using Process asked = Begin(info);
            await using CancellationTokenRegistration stop = cancellation.Register(() => ProcessTree.End(asked));
            asked.StandardInput.Close();
            string[] said = await Task.WhenAll(asked.StandardOutput.ReadToEndAsync(CancellationToken.None), asked.StandardError.ReadToEndAsync(CancellationToken.None));
            cancellation.ThrowIfCancellationRequested();
            problem = said[0].Contains("util-linux", StringComparison.Ordinal) ? null : $"at {path} is another one, perhaps of busybox, with other options";
        }

        return problem is null ? path! : throw new LabException(
            LabErrorKind.NotSupported, "UtilLinuxMissing", $"'{name}' of util-linux {problem}: install the package util-linux.") { StopsCommand = true };
    }

    private static Process Begin(ProcessStartInfo info)
    {
        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            bool folder = !Directory.Exists(info.WorkingDirectory) && info.WorkingDirectory.Length > 0;
            throw new LabException(
                LabErrorKind.NotFound, folder ? "WorkingDirectoryMissing" : "UtilLinuxMissing",
                folder ? $"There is no folder '{info.WorkingDirectory}': give another -WorkingDirectory." : $"'{info.FileName}' cannot be started: {e.Message.TrimEnd('.')}. Reinstall util-linux.", e)
            {
                StopsCommand = true,
            };
        }
    }

    private static void Remove(string? file)
    {
        if (file is not null)
        {
            File.Delete(file);
        }
    }

    private void Clear()
    {
        End();
        box?.Dispose();
        Remove(marker);
    }

    private bool IsPrepared() => prepared = prepared || new FileInfo(marker!).Length > 0;

    private LabException Refused() => new(
        LabErrorKind.AccessDenied, "NamespacesRefused",
        $"The command was not started, because its namespaces could not be made: {(preparing.LastOrDefault() ?? ExitCodes.DescribeProgram(process.ExitCode)).TrimEnd('.')}.")
    {
        StopsCommand = true, Advice = UserNamespaces.WhyNot() ?? "Check whether this machine is a container itself, which may not make namespaces.",
    };

    private void End()
    {
        ProcessTree.End(process);

        // What left the tree holds the output open.
        box?.Kill();
    }
}
