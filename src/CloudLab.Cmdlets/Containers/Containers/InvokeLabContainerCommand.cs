using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Compose;
using CloudLab.Core.Containers.Containers;

namespace CloudLab.Cmdlets.Containers.Containers;

/// <summary>Runs a command in running containers.</summary>
/// <remarks>
/// <para>The lines of standard output are strings in the pipeline; those of standard error are shown as information (6&gt; redirects them), so that they do not mix with the
/// output. An exit code other than 0 is an error, and $LASTEXITCODE has it. With -AsObject there is one object with the lines of both and the exit code instead.</para>
/// <para>With -Name on the command line, pipeline input is the standard input of the command: strings as lines, byte arrays as they are. Without it, pipeline input is
/// containers.</para>
/// <para>With -Interactive the command gets this terminal, as with 'docker exec -it': a shell, if no command is given. Every key goes to it, Ctrl+C too; Ctrl+P Ctrl+Q leaves it and lets it run
/// on. Nothing comes into the pipeline, and $LASTEXITCODE has the exit code, which is no error then.</para>
/// <para>Without -Interactive, Ctrl+C ends the connection; what the command is doing in the container may go on.</para>
/// <para>Errors: ContainerNotFound, ContainerNotRunning, ContainerRestarting, ContainerSuspended; ContainerCommandFailed with the exit code and the last lines; ContainerCommandLost when the engine stopped
/// meanwhile; TerminalMissing when -Interactive is given and there is no terminal.</para>
/// </remarks>
/// <example>
/// <para>Lists a folder in a container.</para>
/// <code>Invoke-LabContainer web -Command ls, -la, /srv</code>
/// </example>
/// <example>
/// <para>Sends text to a command and takes what it answers.</para>
/// <code>'b', 'a' | Invoke-LabContainer web -Command sort</code>
/// </example>
/// <example>
/// <para>Runs a command in all containers of a team and shows the exit codes.</para>
/// <code>Get-LabContainer -Label team=movies | Invoke-LabContainer -Command uname, -r -AsObject</code>
/// </example>
/// <example>
/// <para>Opens a shell in a container, in this terminal.</para>
/// <code>Invoke-LabContainer web -Interactive</code>
/// </example>
/// <inputtype>CloudLab.Core.Containers.Containers.LabContainer, CloudLab.Core.Containers.Compose.LabComposeService, or names; with -Name: strings or byte arrays for standard input.</inputtype>
[Cmdlet(VerbsLifecycle.Invoke, "LabContainer", DefaultParameterSetName = LinesSet)]
[OutputType(typeof(string), typeof(LabContainerCommand))]
public sealed class InvokeLabContainerCommand : DockerCommand
{
    private const string LinesSet = "Lines", InteractiveSet = "Interactive";

    private FedCommand<ContainerExec>? fed;

    /// <summary>Name or id of a container.</summary>
    [Parameter(Position = 0, ParameterSetName = LinesSet)]
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = InteractiveSet)]
    [Alias("Container", "ContainerName")]
    [ArgumentCompleter(typeof(ContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Program and arguments, one by one; no shell is involved: <c>sh, -c, 'ls | wc -l'</c>. With -Interactive: a shell if omitted, bash if the container has it.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = LinesSet)]
    [Parameter(Position = 1, ParameterSetName = InteractiveSet)]
    [Alias("Cmd")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Command { get; set; } = [];

    /// <summary>Standard input of the command; without -Name: containers.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = LinesSet)]
    public PSObject? InputObject { get; set; }

    /// <summary>User name or id, with the group after a colon.</summary>
    [Parameter]
    [Alias("u")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Current folder of the command.</summary>
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

    /// <summary>Gives the command all rights on the engine's machine.</summary>
    [Parameter]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Writes one object per container, with output, standard error and exit code, instead of lines; the exit code is no error then.</summary>
    [Parameter(ParameterSetName = LinesSet)]
    [Alias("PassThru")]
    public SwitchParameter AsObject { get; set; }

    /// <summary>Gives the command this terminal, as <c>docker exec -it</c> does.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InteractiveSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name ?? Targets(InputObject).FirstOrDefault();

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        if (Interactive)
        {
            HostTerminal.Require(Host, "-Interactive");
            return;
        }

        if (Name is { } name)
        {
            fed = new(
                MyInvocation.ExpectingInput,
                (input, token) => ContainerExec.StartAsync(Lab, name, What(input), token),
                exec => StartAsync(name, token => ReadAsync(exec, name, token)));
        }
        else if (!MyInvocation.ExpectingInput)
        {
            throw NoName();
        }
    }

    private static LabException NoName() =>
        new(LabErrorKind.InvalidArgument, "ContainerNameMissing", "No container is named: give -Name, or containers in the pipeline.");

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Interactive)
        {
            await GiveTerminalAsync(Name ?? throw NoName(), cancellation);
            return;
        }

        if (fed is not null)
        {
            await fed.TakeAsync(InputObject, cancellation);
            return;
        }

        IReadOnlyList<string> containers = Targets(InputObject);
        if (containers.Count == 0)
        {
            throw InputObject?.BaseObject is LabComposeService service
                ? new LabException(
                    LabErrorKind.NotFound, "ContainerNotFound", $"The service '{service.Service}' has no container: start it with Start-LabCompose.") { Target = service }
                : new LabException(
                    LabErrorKind.InvalidData, "ContainerNameMissing", $"{InputObject?.BaseObject.GetType().Name ?? "Null"} is no container: give LabContainer objects or names, or name a container with -Name to send input to a command.");
        }

        ExecOptions what = What(input: false);
        foreach (string container in containers)
        {
            await StartAsync(container, async token =>
            {
                using ContainerExec exec = await ContainerExec.StartAsync(Lab, container, what, token);
                await ReadAsync(exec, container, token);
            });
        }
    }

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation) => fed?.EndAsync(cancellation) ?? Task.CompletedTask;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        fed?.Dispose();
        base.Dispose(disposing);
    }

    private static IReadOnlyList<string> Targets(PSObject? input) => input?.BaseObject switch
    {
        LabContainer container => [container.Id],
        LabComposeService service => service.Container,
        string name when name.Length > 0 => [name],
        _ => input?.Properties["Name"]?.Value is string name ? [name] : [],
    };

    private async Task GiveTerminalAsync(string container, CancellationToken cancellation)
    {
        using ContainerExec exec = await ContainerExec.StartAsync(Lab, container, What(input: true), cancellation);
        if (await HostTerminal.GiveAsync(exec, AskAsync, this, cancellation) is null)
        {
            Reporter.Verbose($"The command in '{container}' runs on.");
        }
    }

    private ExecOptions What(bool input) => new()
    {
        Command = Command.Length > 0 ? Command : RunningCommand.Shell,
        User = User,
        WorkingDirectory = WorkingDirectory,
        Environment = PlainObject.TextsOrNull(Environment),
        Privileged = Privileged,
        Input = input,
        Terminal = Interactive,
    };

    private async Task ReadAsync(ContainerExec exec, string container, CancellationToken cancellation)
    {
        CommandReader reader = new(this, AskAsync, WriteManyAsync, keep: AsObject);
        int code = await reader.ReadAsync(exec, cancellation);
        if (AsObject)
        {
            await WriteAsync(
                new LabContainerCommand
                {
                    Container = container, Command = string.Join(' ', Command), ExitCode = code, Output = reader.Output, ErrorOutput = reader.ErrorOutput, Duration = exec.Duration,
                },
                cancellation);
        }
        else if (code != 0)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "ContainerCommandFailed",
                $"'{string.Join(' ', Command)}' in the container '{container}' ended with {ExitCodes.Describe(code)}.{reader.Last}")
            {
                Target = container,
                Advice = CommandOutput.Advice(code, Command),
            };
        }
    }
}
