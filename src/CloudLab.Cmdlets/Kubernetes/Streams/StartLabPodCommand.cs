using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Containers.Completers;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Streams;

/// <summary>Starts a pod with one container, as 'kubectl run' does.</summary>
/// <remarks>
/// <para>Without -Wait the pod is written as it was created. With -Wait the command stays until the pod has ended, and writes its output line by line; an exit code other than 0 is an error, and
/// $LASTEXITCODE has it. Pipeline input becomes the standard input of the container then. With -Remove the pod is removed at the end, also after Ctrl+C.</para>
/// <para>With -Interactive the container gets this terminal, as with 'kubectl run -it': every key goes to it; Ctrl+P Ctrl+Q leaves it.</para>
/// <para>A pod that waits for an image that cannot be pulled, or that cannot be started for another reason, is an error with that reason.</para>
/// <para>Errors: AlreadyExists, Invalid with the field, Forbidden; PodNotStarted with the reason; PodFailed with the exit code and the last lines; PodGone; TerminalMissing.</para>
/// </remarks>
/// <example>
/// <para>Runs a command in the cluster, takes its output, and leaves nothing behind.</para>
/// <code>Start-LabPod hello -Image busybox -Command echo, 'Hello from the cluster' -Wait -Remove</code>
/// </example>
/// <example>
/// <para>Starts a pod that stays, with variables and limits.</para>
/// <code>Start-LabPod web -Image nginx -Port 80 -Environment @{ MODE = 'test' } -Request @{ cpu = '100m' } -Limit @{ memory = '64Mi' }</code>
/// </example>
/// <example>
/// <para>Opens a shell in a new pod, and removes the pod afterwards.</para>
/// <code>Start-LabPod -Image busybox -Command sh -Interactive -Remove</code>
/// </example>
/// <inputtype>With -Wait: strings or byte arrays, the standard input of the container.</inputtype>
[Cmdlet(VerbsLifecycle.Start, "LabPod", SupportsShouldProcess = true, DefaultParameterSetName = StartSet)]
[OutputType(typeof(LabResource), typeof(string))]
public sealed class StartLabPodCommand : KubeCommand
{
    private const string StartSet = "Start", WaitSet = "Wait", InteractiveSet = "Interactive";

    private readonly MemoryStream input = new();

    /// <summary>Name of the pod; made from the image's name if omitted.</summary>
    [Parameter(Position = 0)]
    [Alias("Pod", "PodName")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The image.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = "";

    /// <summary>Program and arguments in place of the image's entry point, one by one: <c>sh, -c, 'ls | wc -l'</c>.</summary>
    [Parameter]
    [Alias("Cmd")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Command { get; set; } = [];

    /// <summary>Arguments for the image's entry point, or for -Command.</summary>
    [Parameter]
    [Alias("Args", "ArgumentList")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [AllowEmptyString]
    [ValidateCount(1, int.MaxValue)]
    public string[] Argument { get; set; } = [];

    /// <summary>Variables: <c>@{ MODE = 'test' }</c>. A null value is taken from the environment.</summary>
    [Parameter]
    [Alias("Env", "e")]
    [ValidateNotNull]
    public Hashtable Environment { get; set; } = [];

    /// <summary>Ports that the container listens on.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    public int[] Port { get; set; } = [];

    /// <summary>Labels: <c>@{ team = 'movies' }</c>; <c>run</c> with the name of the pod if omitted.</summary>
    [Parameter]
    [Alias("Labels", "l")]
    [ValidateNotNull]
    public Hashtable Label { get; set; } = [];

    /// <summary>When the container is started again: Always, OnFailure or Never. Never with -Wait and -Interactive, else Always, if omitted.</summary>
    [Parameter]
    [Alias("Restart")]
    public PodRestart? RestartPolicy { get; set; }

    /// <summary>Resources to request: <c>@{ cpu = '100m'; memory = '64Mi' }</c>.</summary>
    [Parameter]
    [Alias("Requests")]
    [ValidateNotNull]
    public Hashtable Request { get; set; } = [];

    /// <summary>Limits of resources: <c>@{ memory = '128Mi' }</c>.</summary>
    [Parameter]
    [Alias("Limits")]
    [ValidateNotNull]
    public Hashtable Limit { get; set; } = [];

    /// <summary>When to pull the image; if omitted, Always for the tag latest, else IfNotPresent.</summary>
    [Parameter]
    [Alias("ImagePullPolicy")]
    [ValidateSet("Always", "IfNotPresent", "Never")]
    public string? Pull { get; set; }

    /// <summary>Name of a service account.</summary>
    [Parameter]
    [Alias("ServiceAccountName")]
    [ArgumentCompleter(typeof(ReferencedNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ServiceAccount { get; set; }

    /// <summary>Waits until the pod has ended, and writes its output.</summary>
    [Parameter(Mandatory = true, ParameterSetName = WaitSet)]
    [Alias("Attach")]
    public SwitchParameter Wait { get; set; }

    /// <summary>Gives the container this terminal, as <c>kubectl run -it</c> does.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InteractiveSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <summary>Removes the pod at the end.</summary>
    [Parameter(ParameterSetName = WaitSet)]
    [Parameter(ParameterSetName = InteractiveSet)]
    [Alias("rm")]
    public SwitchParameter Remove { get; set; }

    /// <summary>How long to wait for the container to start: seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = WaitSet)]
    [Parameter(ParameterSetName = InteractiveSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Standard input of the container.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = WaitSet)]
    public PSObject? InputObject { get; set; }

    /// <inheritdoc/>
    protected override object? ErrorTarget => Name ?? Image;

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
    protected override Task ProcessAsync(CancellationToken cancellation)
    {
        if (InputObject is not null && MyInvocation.ExpectingInput)
        {
            input.Write(CommandOutput.InputOf(InputObject));
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellation)
    {
        if (!await ShouldProcessAsync($"{Name ?? Image} in namespace {NamespaceOrDefault}", $"Start pod from {Image}"))
        {
            return;
        }

        PodRunner runner = new(Api, Reporter);
        bool fed = Wait && MyInvocation.ExpectingInput;
        LabResource pod = await runner.StartAsync(
            new PodRunOptions
            {
                Name = Name,
                Namespace = NamespaceOrDefault,
                Image = Image,
                Command = Command,
                Arguments = Argument,
                Environment = PlainObject.TextsOrNull(Environment),
                Ports = Port,
                Labels = TextTable.Read(Label),
                Requests = TextTable.Read(Request),
                Limits = TextTable.Read(Limit),
                Restart = RestartPolicy ?? (Wait || Interactive ? PodRestart.Never : PodRestart.Always),
                PullPolicy = Pull,
                ServiceAccount = ServiceAccount,
                Input = Interactive || fed,
                Terminal = Interactive,
            },
            cancellation);
        if (!Wait && !Interactive)
        {
            await WriteAsync(pod, cancellation);
            return;
        }

        try
        {
            await runner.StartedAsync(pod, Timeout, cancellation);
            await (Interactive ? PodTerminal.GiveAsync(Api, pod.Namespace!, pod.Name, null, Reporter, AskAsync, this, cancellation) : RunAsync(runner, pod, fed, cancellation));
        }
        finally
        {
            if (Remove)
            {
                await runner.RemoveAsync(pod);
            }
            else if (cancellation.IsCancellationRequested)
            {
                Reporter.Warning($"The pod '{pod.Name}' in namespace {pod.Namespace} may still be running.");
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        input.Dispose();
        base.Dispose(disposing);
    }

    private async Task RunAsync(PodRunner runner, LabResource pod, bool fed, CancellationToken cancellation)
    {
        CommandReader reader = new(this, AskAsync, WriteManyAsync);
        Task feeding = fed ? runner.FeedAsync(pod, input.GetBuffer().AsMemory(0, (int)input.Length), cancellation) : Task.CompletedTask;
        (int code, string? reason) = await runner.RunAsync(pod, lines => reader.TakeAsync([.. lines.Select(line => line.Text)], false, cancellation), cancellation);
        await feeding;
        await CommandOutput.SetExitCodeAsync(AskAsync, this, code);
        if (code != 0)
        {
            throw new LabException(
                LabErrorKind.ServiceFailed, "PodFailed", $"The pod '{pod.Name}' ended with {ExitCodes.Describe(code)}{(reason is null ? "" : $", {reason}")}.{reader.Last}")
            {
                Target = pod.Name,
                Advice = Remove ? "Leave -Remove out to look at the pod afterwards." : null,
            };
        }
    }
}
