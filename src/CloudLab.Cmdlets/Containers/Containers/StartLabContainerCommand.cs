using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Makes a container from an image and starts it, or starts containers that have ended.</summary>
/// <remarks>
/// <para>With -Image it does what 'docker run' does: pulls the image if the engine does not have it, makes the container and starts it. Without -Wait it returns as soon as the
/// container runs, and writes it. With -Wait it writes the lines of the container's output, shows its standard error as information, and ends
/// with the container; an exit code other than 0 is an error, and $LASTEXITCODE has it.</para>
/// <para>With -Name alone it starts existing containers again.</para>
/// <para>A container that cannot be started is not left behind. Ctrl+C during -Wait removes the container if -Remove is given; otherwise it runs on, and a warning says so.</para>
/// <para>Errors: ImageNotFound, with the nearest names and why it cannot be pulled; ContainerPlatformMismatch; ContainerNameTaken; PortTaken, with the container or process that has the
/// port; ContainerCommandNotFound; NetworkNotFound; ContainerFailed with the exit code and the last lines when -Wait is given. PortInvalid, VolumeInvalid, SizeInvalid,
/// RestartPolicyInvalid and PlatformInvalid end the command before anything is sent.</para>
/// </remarks>
/// <example>
/// <para>Runs a web server and waits until it answers.</para>
/// <code>Start-LabContainer movies/site:1.0 -Name web -Publish 8001:8000 | Wait-LabContainer -Port 8000</code>
/// </example>
/// <example>
/// <para>Runs a command in a new container, removes the container, and takes the output into a variable.</para>
/// <code>$files = Start-LabContainer movies/site:1.0 -Command ls, /srv -Remove -Wait</code>
/// </example>
/// <example>
/// <para>Starts what has ended.</para>
/// <code>Get-LabContainer -State exited -Label team=movies | Start-LabContainer</code>
/// </example>
/// <inputtype>Objects with the property Image, as Build-LabImage and Get-LabImage write them; LabContainer objects to start again.</inputtype>
// PowerShell tries the default set first: with the other one a piped container would be taken for its image, since it has such a property.
[Cmdlet(VerbsLifecycle.Start, "LabContainer", SupportsShouldProcess = true, DefaultParameterSetName = ExistingSet)]
[OutputType(typeof(LabContainer), typeof(string))]
public sealed class StartLabContainerCommand : DockerCommand
{
    private const string RunSet = "Run", ExistingSet = "Existing";


    private ContainerOptions? options;

    /// <summary>Image to make the container from.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>A container that exists, to be started again.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ExistingSet)]
    [ValidateNotNull]
    public LabContainer? InputObject { get; set; }

    /// <summary>Name of the new container; the engine invents one if omitted. Without -Image: name or id of a container to start again.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Parameter(Mandatory = true, ParameterSetName = "Name")]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Program and arguments to run; the image's own command if omitted.</summary>
    [Parameter(Position = 1, ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

    /// <summary>Ports to publish: <c>8001:8000</c>, <c>127.0.0.1:8001:8000</c>, <c>8000</c> for a free port, <c>53:53/udp</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Port", "p")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Publish { get; set; } = [];

    /// <summary>Variables: <c>@{ MODE = 'test' }</c>. A null value is taken from the environment.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Env", "e")]
    [ValidateNotNull]
    public Hashtable Environment { get; set; } = [];

    /// <summary>Files with a variable per line (NAME=value), as the docker CLI reads them.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("EnvFile")]
    [ValidateNotNullOrEmpty]
    public string[] EnvironmentFile { get; set; } = [];

    /// <summary>Volumes: <c>data:/var/lib/data</c>, <c>./site:/site:ro</c>. Relative paths begin in the current folder.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("v")]
    [ArgumentCompleter(typeof(VolumeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Volume { get; set; } = [];

    /// <summary>Networks to join; bridge if omitted. <c>host</c> and <c>none</c> work too.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Net")]
    [ArgumentCompleter(typeof(NetworkCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Network { get; set; } = [];

    /// <summary>Further names of the container in its networks.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] NetworkAlias { get; set; } = [];

    /// <summary>Limit of memory: <c>512m</c>, <c>1.5g</c> or a number of bytes.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("m")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Memory { get; set; }

    /// <summary>Limit of processor time, in processors: <c>0.5</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Cpus")]
    [ValidateRange(0.01, 10000)]
    public double? Cpu { get; set; }

    /// <summary>When the engine restarts it: no, always, unless-stopped, on-failure or <c>on-failure:3</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Restart")]
    [ArgumentCompleter(typeof(RestartPolicyCompleter))]
    [ValidateNotNullOrEmpty]
    public string? RestartPolicy { get; set; }

    /// <summary>User name or id, with the group after a colon.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("u")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Program and arguments instead of the image's entry point; an empty string for none.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNull]
    public string[]? EntryPoint { get; set; }

    /// <summary>Current folder in the container.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("Workdir", "w")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Labels: <c>@{ team = 'movies' }</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("l")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>Health check: a shell command in the container; <c>none</c> turns the image's own off.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("HealthCmd")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? HealthCommand { get; set; }

    /// <summary>Time between two health checks: a TimeSpan or a number of seconds.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan? HealthInterval { get; set; }

    /// <summary>Time that one health check may take: a TimeSpan or a number of seconds.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan? HealthTimeout { get; set; }

    /// <summary>Time after the start in which failing checks do not count: a TimeSpan or a number of seconds.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan? HealthStartPeriod { get; set; }

    /// <summary>Failing checks in a row that make the container unhealthy.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ValidateRange(1, 1000)]
    public int? HealthRetries { get; set; }

    /// <summary>Platform of the image: <c>linux/arm64</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Runs an init process that passes signals on and collects orphaned processes.</summary>
    [Parameter(ParameterSetName = RunSet)]
    public SwitchParameter Init { get; set; }

    /// <summary>Makes the container's file system read-only; volumes stay writable.</summary>
    [Parameter(ParameterSetName = RunSet)]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Host name in the container.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("h")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>Entries for the hosts file: <c>db:10.0.0.5</c>, <c>host.docker.internal:host-gateway</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] AddHost { get; set; } = [];

    /// <summary>Linux capabilities to add: <c>NET_ADMIN</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CapAdd { get; set; } = [];

    /// <summary>Linux capabilities to drop; <c>ALL</c> for all.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] CapDrop { get; set; } = [];

    /// <summary>Gives the container all rights on the engine's machine.</summary>
    [Parameter(ParameterSetName = RunSet)]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Signal that Stop-LabContainer sends: <c>SIGINT</c>.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [ArgumentCompleter(typeof(ContainerValueCompleter))]
    [ValidateNotNullOrEmpty]
    public string? StopSignal { get; set; }

    /// <summary>When to pull the image: Missing (the engine does not have it), Always or Never.</summary>
    [Parameter(ParameterSetName = RunSet)]
    public ContainerPull Pull { get; set; } = ContainerPull.Missing;

    /// <summary>Keeps standard input open for Connect-LabContainer; without -Tty it ends with the first connection.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <summary>Gives the container a terminal.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("t")]
    public SwitchParameter Tty { get; set; }

    /// <summary>Removes the container when it ends.</summary>
    [Parameter(ParameterSetName = RunSet)]
    [Alias("rm")]
    public SwitchParameter Remove { get; set; }

    /// <summary>Waits until the container ends, and writes the lines of its output as they come.</summary>
    [Parameter(ParameterSetName = RunSet)]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name ?? InputObject?.Name ?? Image;

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        if (ParameterSetName != RunSet)
        {
            return;
        }

        options = ContainerRunner.Check(new ContainerOptions
        {
            Image = Image,
            Name = Name,
            Command = Command,
            Publish = Publish,
            Environment = PlainObject.TextsOrNull(Environment),
            EnvironmentFiles = [.. EnvironmentFile.Select(file => FilePath.Of(this, file))],
            Volumes = Volume,
            WorkingFolder = SessionState.Path.CurrentFileSystemLocation.Path,
            Networks = Network,
            NetworkAliases = NetworkAlias,
            Memory = Memory,
            Cpu = Cpu,
            RestartPolicy = RestartPolicy,
            User = User,
            EntryPoint = EntryPoint,
            WorkingDirectory = WorkingDirectory,
            Labels = TextTable.Read(Label),
            HealthCommand = HealthCommand,
            HealthInterval = HealthInterval,
            HealthTimeout = HealthTimeout,
            HealthStartPeriod = HealthStartPeriod,
            HealthRetries = HealthRetries,
            Platform = Platform,
            Init = Init,
            ReadOnly = ReadOnly,
            Hostname = Hostname,
            AddHosts = AddHost,
            CapAdd = CapAdd,
            CapDrop = CapDrop,
            Privileged = Privileged,
            StopSignal = StopSignal,
            Pull = Pull,
            Remove = Remove,
            Interactive = Interactive,
            Terminal = Tty,
        });
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (options is null)
        {
            ContainerStore store = new(Lab);
            LabContainer container = await store.FindAsync(InputObject?.Id ?? Name!, cancellation);
            if (await ShouldProcessAsync($"{container.Name} ({container.ShortId}, {container.Image})", "Start container"))
            {
                await new ContainerRunner(Lab, Reporter).StartAgainAsync(container, cancellation);
                await WriteAsync(await store.FindAsync(container.Id, cancellation), cancellation);
            }

            return;
        }

        string target = options.Name is { } name ? $"{name} ({options.Image})" : options.Image;
        string ports = options.Publish.Count > 0 ? " with the ports " + string.Join(", ", options.Publish) : "";
        if (!await ShouldProcessAsync(target, "Run container" + ports))
        {
            return;
        }

        ContainerRunner runner = new(Lab, Reporter);
        if (!Wait)
        {
            await WriteAsync(await runner.StartAsync(options, cancellation), cancellation);
            return;
        }

        CommandReader reader = new(this, AskAsync, WriteManyAsync);
        int code = await runner.RunAsync(options, (lines, isError) => reader.TakeAsync(lines, isError, cancellation), cancellation);
        await CommandOutput.SetExitCodeAsync(AskAsync, this, code);
        if (code != 0)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "ContainerFailed",
                $"The container {(options.Name is { } n ? $"'{n}'" : $"of '{options.Image}'")} ended with {ExitCodes.Describe(code)}.{reader.Last}")
            {
                Target = options.Name ?? options.Image,
                Advice = options.Remove ? "Leave -Remove out, and Get-LabContainerReport says more." : "Get-LabContainerReport says more.",
            };
        }
    }
}
