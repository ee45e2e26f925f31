using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Containers.Containers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;
using CloudLab.Core.Containers.Isolation;
using CloudLab.Core.Sessions;

namespace CloudLab.Cmdlets.Containers.Isolation;

/// <summary>Runs a command in new namespaces, with limits: a container made by hand; or in the namespaces of a process or container.</summary>
/// <remarks>
/// <para>Each switch makes one namespace, so that what each of them does can be seen by itself: with -Pid the command is process 1, and the host name is still the host's until -Uts is
/// given too. With -Pid and -Mount /proc is mounted anew, so that ps shows the command's processes only. -Root changes the root folder (chroot), -Memory, -Cpu and -Pids limit the command with a
/// control group named cloudlab-…, of version 1 or 2, which is removed afterwards with what still runs in it.</para>
/// <para>This shows how a container is made; it is no wall. The command is root of this machine unless -User is given: it keeps all capabilities, can leave the root folder
/// that chroot gave it, and can reach devices. The Docker Engine adds pivot_root, fewer capabilities and a filter of system calls (Get-LabContainerIsolation shows them): run there what
/// is not trusted.</para>
/// <para>With -ProcessId, -Container, or containers and processes in the pipeline, the command runs in their namespaces instead: a tool of the host in the network of a container that has no tools of its
/// own. Without a switch it enters all of them.</para>
/// <para>Output, errors and exit code are as with Invoke-LabContainer: lines of standard output are strings in the pipeline, those of standard error are shown as information, an exit code
/// other than 0 is an error, $LASTEXITCODE has it. Strings and byte arrays in the pipeline are the standard input. Ctrl+C ends the command and, with -Pid or a limit, all that it started.</para>
/// <para>Linux only, with 'unshare' and 'nsenter' of util-linux. All of it needs root, except for what is done together with -User, where the machine allows user namespaces.</para>
/// <para>Errors: LinuxNeeded, RootNeeded, UtilLinuxMissing, MemoryLimitTooSmall; MemoryLimitReached, ProcessLimitReached where a limit ended the command; NamespaceCommandFailed with the exit code and the last lines; NamespacesRefused
/// with the setting that forbids them; HostnameNeedsUts, HostnameInvalid, TargetConflict, SizeInvalid, RootFolderMissing, WorkingDirectoryMissing, CgroupMissing, CgroupFailed, ProcessNotFound,
/// ContainerNotFound, ContainerNotRunning, ContainerRestarting, EngineElsewhere.</para>
/// </remarks>
/// <example>
/// <para>Runs a shell as process 1, which still has the host's name.</para>
/// <code>Invoke-LabLinuxNamespace -Pid -Command sh, -c, 'echo process $$ on $(hostname)'</code>
/// </example>
/// <example>
/// <para>Shows that a new network namespace has no network: only a loopback device, which is down.</para>
/// <code>Invoke-LabLinuxNamespace -Network -Command cat, /proc/net/dev</code>
/// </example>
/// <example>
/// <para>Makes a container by hand: all namespaces, a name, a root folder and limits.</para>
/// <code>Invoke-LabLinuxNamespace -Pid -Uts -Network -Mount -Ipc -Hostname made-by-hand -Root ./rootfs -Memory 64m -Cpu 0.5 -Pids 20 -Command sh, -c, 'hostname; ps'</code>
/// </example>
/// <example>
/// <para>Runs a tool of the host in the network of a container.</para>
/// <code>Get-LabContainer web | Invoke-LabLinuxNamespace -Network -Command cat, /proc/net/tcp</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, System.Diagnostics.Process: in whose namespaces to run; System.String, System.Byte[]: standard input.</inputtype>
[Cmdlet(VerbsLifecycle.Invoke, "LabLinuxNamespace", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(string), typeof(LabNamespaceCommand))]
public sealed class InvokeLabLinuxNamespaceCommand : DockerCommand
{
    private NamespaceOptions options = null!;
    private NamespaceRun? fed;
    private bool begun, targets;

    /// <summary>Program and arguments, one by one; no shell is involved: <c>sh, -c, 'ls | wc -l'</c>.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Cmd")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Command { get; set; } = [];

    /// <summary>Containers and processes in whose namespaces to run; or standard input of the command.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>A process in whose namespaces to run.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? ProcessId { get; set; }

    /// <summary>Name or id of a container in whose namespaces to run; the engine must be on this machine.</summary>
    [Parameter]
    [Alias("ContainerName")]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>Its own processes: the command is process 1.</summary>
    [Parameter]
    public SwitchParameter Pid { get; set; }

    /// <summary>Its own host name.</summary>
    [Parameter]
    public SwitchParameter Uts { get; set; }

    /// <summary>Its own network, which has only a loopback device.</summary>
    [Parameter]
    [Alias("Net")]
    public SwitchParameter Network { get; set; }

    /// <summary>Its own mounts: what it mounts the host does not see.</summary>
    [Parameter]
    public SwitchParameter Mount { get; set; }

    /// <summary>Its own shared memory, semaphores and message queues.</summary>
    [Parameter]
    public SwitchParameter Ipc { get; set; }

    /// <summary>Its own users: it is root there, and the user of this PowerShell outside.</summary>
    [Parameter]
    public SwitchParameter User { get; set; }

    /// <summary>Its own view of control groups: its own one is the root.</summary>
    [Parameter]
    public SwitchParameter Cgroup { get; set; }

    /// <summary>Host name in the new UTS namespace; needs -Uts.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>The folder that the command has as its root folder, such as an unpacked image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Root { get; set; }

    /// <inheritdoc cref="StartLabContainerCommand.Memory"/>
    [Parameter]
    [Alias("m")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Memory { get; set; }

    /// <inheritdoc cref="StartLabContainerCommand.Cpu"/>
    [Parameter]
    [Alias("Cpus")]
    [ValidateRange(0.01, 10000)]
    public double? Cpu { get; set; }

    /// <summary>Limit of the number of processes and threads.</summary>
    [Parameter]
    [Alias("PidsLimit")]
    [ValidateRange(1, 4194304)]
    public int? Pids { get; set; }

    /// <summary>Current folder of the command, as the command sees it; the current location if omitted, and / with -Root.</summary>
    [Parameter]
    [Alias("Workdir", "w")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Further variables: <c>@{ MODE = 'test' }</c>. A null value is taken from the environment.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [ValidateNotNull]
    public Hashtable Environment { get; set; } = [];

    /// <summary>Writes one object per command, with output, standard error, exit code and what it used, instead of lines; the exit code is no error then.</summary>
    [Parameter]
    [Alias("PassThru")]
    public SwitchParameter AsObject { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <inheritdoc/>
    protected override object? ErrorTarget => string.Join(' ', Command);

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        LinuxMachine.Require("Namespaces and control groups are");
        if (ProcessId is not null && Container is not null)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "TargetConflict", "-ProcessId and -Container name two targets: give one of them.");
        }

        (SwitchParameter On, string Type)[] types = [(Cgroup, "cgroup"), (Ipc, "ipc"), (Mount, "mnt"), (Network, "net"), (Pid, "pid"), (User, "user"), (Uts, "uts")];
        options = new NamespaceOptions
        {
            Command = Command,
            Namespaces = [.. types.Where(t => t.On).Select(t => t.Type)],
            Hostname = Hostname,
            Root = Root is null ? null : FilePath.Of(this, Root),
            WorkingDirectory = WorkingDirectory is { } folder && Root is null && ProcessId is null && Container is null ? FilePath.Of(this, folder) : WorkingDirectory,
            Folder = SessionState.Path.CurrentFileSystemLocation.Path,
            Environment = PlainObject.TextsOrNull(Environment),
            Memory = Memory,
            Cpu = Cpu,
            Processes = Pids,
        };
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        object? input = InputObject?.BaseObject;
        if (MyInvocation.ExpectingInput && ProcessId is null && Container is null && input is LabContainer or System.Diagnostics.Process)
        {
            targets = true;
            await RunInAsync(input is LabContainer container ? await PidAsync(container.Id, cancellation) : ((System.Diagnostics.Process)input).Id, cancellation);
            return;
        }

        if (!begun)
        {
            await FeedAsync(cancellation);
        }

        // It could not be started, or is not to be, which is said already.
        if (fed is not null && InputObject is not null && MyInvocation.ExpectingInput)
        {
            await fed.WriteAsync(CommandOutput.InputOf(InputObject), cancellation);
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (!begun && !targets)
        {
            // An empty pipeline is empty input.
            await FeedAsync(cancellation);
        }

        fed?.CloseInput();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        fed?.Dispose();
        base.Dispose(disposing);
    }

    private Task<int> PidAsync(string container, CancellationToken cancellation) => new IsolationReader().ProcessOfAsync(Lab, container, cancellation);

    private async Task<NamespaceOptions?> AllowedAsync(int? target)
    {
        NamespaceOptions what = options with
        {
            Target = target, Namespaces = target is { } id && options.Namespaces.Count == 0 ? NamespaceReader.OtherThanMine(id) : options.Namespaces,
        };
        NamespaceRun.Check(what);
        string where = string.Join(", ", what.Namespaces) is { Length: > 0 } types ? types : "none";
        return await ShouldProcessAsync(
            string.Join(' ', Command), target is null ? $"Run in new namespaces ({where})" : string.Create(CultureInfo.InvariantCulture, $"Run in the namespaces ({where}) of process {target}")) ? what : null;
    }

    private async Task FeedAsync(CancellationToken cancellation)
    {
        begun = true;
        int? target = Container is null ? ProcessId : await PidAsync(Container, cancellation);
        if (await AllowedAsync(target) is { } what)
        {
            NamespaceRun run = fed = await NamespaceRun.StartAsync(what, LabEnvironment.Process, Reporter, cancellation);
            await StartAsync(ErrorTarget, token => ReadAsync(run, what, token));
            if (!MyInvocation.ExpectingInput)
            {
                run.CloseInput();
            }
        }
    }

    private async Task RunInAsync(int target, CancellationToken cancellation)
    {
        if (await AllowedAsync(target) is { } what)
        {
            await StartAsync(target, async token =>
            {
                using NamespaceRun run = await NamespaceRun.StartAsync(what, LabEnvironment.Process, Reporter, token);
                run.CloseInput();
                await ReadAsync(run, what, token);
            });
        }
    }

    private async Task ReadAsync(NamespaceRun run, NamespaceOptions what, CancellationToken cancellation)
    {
        CommandReader reader = new(this, AskAsync, WriteManyAsync, keep: AsObject);
        int code = await run.ReadAsync((lines, isError) => reader.TakeAsync(lines, isError, cancellation), cancellation);
        await CommandOutput.SetExitCodeAsync(AskAsync, this, code);
        string command = string.Join(' ', Command);
        string? limit = run.LimitReached();
        if (AsObject)
        {
            await WriteAsync(
                new LabNamespaceCommand
                {
                    Command = command, Namespaces = what.Namespaces, TargetId = what.Target, ExitCode = code, Output = reader.Output, ErrorOutput = reader.ErrorOutput, Duration = run.Duration,
                    Cgroup = run.Cgroup,
                },
                cancellation);
        }

        if (limit is not null && (AsObject || code == 0))
        {
            Reporter.Warning(limit);
        }
        else if (code != 0 && !AsObject)
        {
            throw new LabException(
                limit is null ? LabErrorKind.ServiceFailed : LabErrorKind.LimitExceeded,
                limit is null ? "NamespaceCommandFailed" : run.Cgroup!.OomKills > 0 ? "MemoryLimitReached" : "ProcessLimitReached",
                $"{(limit is null ? "" : limit + " ")}'{command}' ended with {ExitCodes.DescribeProgram(code)}.{reader.Last}")
            {
                Target = command, Advice = limit is null ? CommandOutput.Advice(code, Command) : "Give the command more, or let it use less.",
            };
        }
    }
}
