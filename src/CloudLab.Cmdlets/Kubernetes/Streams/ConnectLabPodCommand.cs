using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Connects to the main process of a running container of a pod: writes its output from now on, and sends pipeline input to it.</summary>
/// <remarks>
/// <para>Lines of standard output are strings in the pipeline, those of standard error are shown as information. Ends with the container, and $LASTEXITCODE has its exit code; Ctrl+C and Select-Object -First
/// end only the connection, and the container runs on. Input is possible if the container has stdin: true.</para>
/// <para>With -Interactive the process gets this terminal, as with 'kubectl attach -it', where its container has stdin and tty. Ctrl+P Ctrl+Q leaves it.</para>
/// <para>Earlier output is in Get-LabPodLog. To run another command in the pod, use Invoke-LabPod.</para>
/// <para>Errors: NotFound, with the nearest names; PodNotRunning; PodTakesNoInput; PodCommandLost when the connection broke; TerminalMissing.</para>
/// </remarks>
/// <example>
/// <para>Shows the next five lines that a pod of a deployment writes.</para>
/// <code>Connect-LabPod deploy/web | Select-Object -First 5</code>
/// </example>
/// <example>
/// <para>Sends a line to a pod that reads its input, and takes the answer.</para>
/// <code>'help' | Connect-LabPod game</code>
/// </example>
/// <inputtype>System.String or byte arrays: the input of the container's main process.</inputtype>
[Cmdlet(VerbsCommunications.Connect, "LabPod")]
[OutputType(typeof(string))]
public sealed class ConnectLabPodCommand : KubeCommand
{
    private PodExec? attachment;

    /// <summary>A pod, or what has pods: <c>web-0</c>, <c>deploy/web</c>.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Pod", "PodName")]
    [ArgumentCompleter(typeof(PodCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <inheritdoc cref="InvokeLabPodCommand.Container"/>
    [Parameter]
    [Alias("c")]
    [ArgumentCompleter(typeof(PodContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>Input for the main process: strings as lines, byte arrays as they are.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>Gives the process this terminal, as <c>kubectl attach -it</c> does.</summary>
    [Parameter]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        if (Interactive)
        {
            HostTerminal.Require(Host, "-Interactive");
        }
    }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellation)
    {
        PodStreams pods = new(Api);
        attachment = await pods.ExecAsync(
            await pods.FindAsync(null, Name, NamespaceOrDefault, cancellation),
            new PodCommandOptions { Container = Container, Input = Interactive || MyInvocation.ExpectingInput }, Reporter, cancellation);
        if (!Interactive)
        {
            CommandReader reader = new(this, AskAsync, WriteManyAsync);
            await StartAsync(Name, token => reader.ReadAsync(attachment, token));
        }
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellation) => attachment is null || InputObject is null || !MyInvocation.ExpectingInput
        ? Task.CompletedTask
        : attachment.WriteAsync(CommandOutput.InputOf(InputObject));

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (attachment is null)
        {
            return;
        }

        if (!Interactive)
        {
            await (MyInvocation.ExpectingInput ? attachment.CloseInputAsync() : Task.CompletedTask);
            return;
        }

        await HostTerminal.GiveAsync(attachment, AskAsync, this, cancellation);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        attachment?.Dispose();
        base.Dispose(disposing);
    }
}
