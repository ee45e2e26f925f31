using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Runs a command in running pods.</summary>
/// <remarks>
/// <para>The lines of standard output are strings in the pipeline; those of standard error are shown as information (6&gt; redirects them), so that they do not mix with the
/// output. An exit code other than 0 is an error, and $LASTEXITCODE has it. With -AsObject there is one object with the lines of both and the exit code instead.</para>
/// <para>With -Name on the command line, pipeline input is the standard input of the command: strings as lines, byte arrays as they are. Without it, pipeline input is
/// pods. Of a workload or a service (deploy/web) one pod is taken: one that is ready, the oldest.</para>
/// <para>With -Interactive the command gets this terminal, as with 'kubectl exec -it': a shell, if no command is given. Every key goes to it, Ctrl+C too; Ctrl+P Ctrl+Q leaves it and lets it run
/// on. Nothing comes into the pipeline, and $LASTEXITCODE has the exit code, which is no error then.</para>
/// <para>Without -Interactive, Ctrl+C ends the connection; what the command is doing in the container may go on. A command is never started twice: a connection that breaks is an error.</para>
/// <para>Errors: NotFound, PodNotRunning, PodContainerNotFound; PodCommandFailed with the exit code and the last lines; PodCommandLost when the connection broke
/// meanwhile; Forbidden without the right to pods/exec; TerminalMissing when -Interactive is given and there is no terminal.</para>
/// </remarks>
/// <example>
/// <para>Shows the variables of a pod of a deployment.</para>
/// <code>Invoke-LabPod deploy/movies -Namespace movies -Command env</code>
/// </example>
/// <example>
/// <para>Sends text to a command and takes what it answers.</para>
/// <code>'b', 'a' | Invoke-LabPod deploy/movies -Namespace movies -Command sort</code>
/// </example>
/// <example>
/// <para>Runs a command in all pods with a label and shows the exit codes.</para>
/// <code>Get-LabResource pods -Namespace movies -LabelSelector app=movies | Invoke-LabPod -Command hostname -AsObject</code>
/// </example>
/// <example>
/// <para>Opens a shell in a pod, in this terminal.</para>
/// <code>Invoke-LabPod web-0 -Interactive</code>
/// </example>
/// <inputtype>Pods from Get-LabResource, or names; with -Name: strings or byte arrays for standard input.</inputtype>
[Cmdlet(VerbsLifecycle.Invoke, "LabPod", DefaultParameterSetName = LinesSet)]
[OutputType(typeof(string), typeof(LabPodCommand))]
public sealed class InvokeLabPodCommand : KubeCommand
{
    private const string LinesSet = "Lines", InteractiveSet = "Interactive";

    private FedCommand<PodExec>? fed;

    /// <summary>A pod, or what has pods: <c>web-0</c>, <c>deploy/web</c>, <c>svc/web</c>.</summary>
    [Parameter(Position = 0, ParameterSetName = LinesSet)]
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = InteractiveSet)]
    [Alias("Pod", "PodName")]
    [ArgumentCompleter(typeof(PodCompleter))]
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

    /// <summary>Standard input of the command; without -Name: pods.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = LinesSet)]
    public PSObject? InputObject { get; set; }

    /// <summary>Name of a container of the pod; the first, or the one that the pod's annotation names, if omitted.</summary>
    [Parameter]
    [Alias("c")]
    [ArgumentCompleter(typeof(PodContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>Writes one object per pod, with output, standard error and exit code, instead of lines; the exit code is no error then.</summary>
    [Parameter(ParameterSetName = LinesSet)]
    [Alias("PassThru")]
    public SwitchParameter AsObject { get; set; }

    /// <summary>Gives the command this terminal, as <c>kubectl exec -it</c> does.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InteractiveSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <inheritdoc/>
    protected override int ConcurrentInputs => 16;

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name ?? InputObject?.Properties["Name"]?.Value as string ?? InputObject?.BaseObject as string;

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
                async (input, token) => await new PodStreams(Api).ExecAsync(await TargetAsync(null, name, NamespaceOrDefault, token), What(input), Reporter, token),
                exec => StartAsync(name, token => ReadAsync(exec, token)));
        }
        else if (!MyInvocation.ExpectingInput)
        {
            throw NoName();
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        if (Interactive)
        {
            await GiveTerminalAsync(await TargetAsync(null, Name ?? throw NoName(), NamespaceOrDefault, cancellation), cancellation);
            return;
        }

        if (fed is not null)
        {
            await fed.TakeAsync(InputObject, cancellation);
            return;
        }

        PodTarget target = await PipedAsync(cancellation);
        PodCommandOptions what = What(input: false);
        await StartAsync(target.Name, async token =>
        {
            using PodExec exec = await new PodStreams(Api).ExecAsync(target, what, Reporter, token);
            await ReadAsync(exec, token);
        });
    }

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation) => fed?.EndAsync(cancellation) ?? Task.CompletedTask;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        fed?.Dispose();
        base.Dispose(disposing);
    }

    private static LabException NoName() =>
        new(LabErrorKind.InvalidArgument, "PodNameMissing", "No pod is named: give -Name, or pods in the pipeline.");

    private Task<PodTarget> PipedAsync(CancellationToken cancellation) => InputObject?.BaseObject switch
    {
        LabResource resource => TargetAsync(resource.Resource ?? resource.Kind, resource.Name, resource.Namespace ?? NamespaceOrDefault, cancellation),
        string name when name.Length > 0 => TargetAsync(null, name, NamespaceOrDefault, cancellation),
        _ when InputObject?.Properties["Name"]?.Value is string name => TargetAsync(
            InputObject.Properties["Kind"]?.Value as string, name, InputObject.Properties["Namespace"]?.Value as string ?? NamespaceOrDefault, cancellation),
        _ => throw new LabException(
            LabErrorKind.InvalidData, "PodNameMissing", $"{InputObject?.BaseObject.GetType().Name ?? "Null"} is no pod: give objects with a name, or name a pod with -Name to send input to a command."),
    };

    private Task<PodTarget> TargetAsync(string? kind, string name, string ns, CancellationToken cancellation) => new PodStreams(Api).FindAsync(kind, name, ns, cancellation);

    private async Task GiveTerminalAsync(PodTarget target, CancellationToken cancellation)
    {
        using PodExec exec = await new PodStreams(Api).ExecAsync(target, What(input: true), Reporter, cancellation);
        if (await HostTerminal.GiveAsync(exec, AskAsync, this, cancellation) is null)
        {
            Reporter.Verbose($"The command in the pod '{exec.Pod}' runs on.");
        }
    }

    private PodCommandOptions What(bool input) => new()
    {
        Command = Command.Length > 0 ? Command : RunningCommand.Shell,
        Container = Container,
        Input = input,
        Terminal = Interactive,
    };

    private async Task ReadAsync(PodExec exec, CancellationToken cancellation)
    {
        CommandReader reader = new(this, AskAsync, WriteManyAsync, keep: AsObject);
        int code = await reader.ReadAsync(exec, cancellation);
        if (AsObject)
        {
            await WriteAsync(
                new LabPodCommand
                {
                    Pod = exec.Pod, Namespace = exec.Namespace, Container = exec.Container, Command = string.Join(' ', Command), ExitCode = code, Output = reader.Output,
                    ErrorOutput = exec.StartFailure is { } failure ? [.. reader.ErrorOutput, failure] : reader.ErrorOutput, Duration = exec.Duration,
                },
                cancellation);
        }
        else if (code != 0)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "PodCommandFailed",
                $"'{string.Join(' ', Command)}' in the pod '{exec.Pod}' ended with {ExitCodes.Describe(code)}.{reader.Last}{(exec.StartFailure is { } failure ? CommandOutput.Last([failure]) : "")}")
            {
                Target = exec.Pod,
                Advice = CommandOutput.Advice(code, Command),
            };
        }
    }
}
