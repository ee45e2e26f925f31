using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Commands;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Nodes;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Resources.Kinds;
using CloudLab.Core.Kubernetes.Streams;

namespace CloudLab.Cmdlets.Kubernetes.Nodes;

/// <summary>Says what troubles a node and what to do about it, or starts a pod that sees the whole machine.</summary>
/// <remarks>
/// <para>Puts together the node's conditions and taints, what is allocated and used, the pods on it that do not run, its events, the version of its kubelet beside the API server's, the age of
/// its lease (LastHeartbeat), the clock of the machine beside the API server's, and certificates that it waits for. Findings has what was found, the most important first, each with what to do;
/// Cause and Action are those of the first. What you may not read is left out.</para>
/// <para>-Image starts a privileged pod on the node, past the scheduler and all taints, with the host's processes and network and its file system at /host, as kubectl debug node/NAME does. It
/// stays until it is removed; with -Command it runs that, writes what it prints, and is removed. Where it does not start or the wait is ended, it is removed, too.</para>
/// <para>Errors: NotFound; PodNotStarted with the reason where the pod does not start; PodFailed where the command fails; Forbidden, also where the namespace's pod security does not allow
/// privileged pods.</para>
/// </remarks>
/// <example>
/// <para>Says what is known of a node.</para>
/// <code>Debug-LabNode emulator</code>
/// </example>
/// <example>
/// <para>Lists everything that is wrong with any node.</para>
/// <code>Get-LabNode | Debug-LabNode | Select-Object -ExpandProperty Findings</code>
/// </example>
/// <example>
/// <para>Starts a pod that sees the machine, and removes it after use. Connect-LabPod opens a terminal in it.</para>
/// <code>
/// $pod = Debug-LabNode emulator -Image busybox:1.36
/// $pod | Remove-LabManifest -Force
/// </code>
/// </example>
/// <inputtype>Names, or objects with the property Name, such as Get-LabNode writes; of a pod, its node is meant.</inputtype>
[Cmdlet(VerbsDiagnostic.Debug, "LabNode", SupportsShouldProcess = true, DefaultParameterSetName = ReportSet)]
[OutputType(typeof(LabNodeReport), ParameterSetName = [ReportSet])]
[OutputType(typeof(LabPod), typeof(string), ParameterSetName = [ImageSet])]
public sealed class DebugLabNodeCommand : NodeCommand
{
    private const string ReportSet = "Report", ImageSet = "Image";

    /// <summary>Image of the pod that is started on the node.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [ArgumentCompleter(typeof(PodImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>What the pod runs, as in <c>chroot, /host, uptime</c>; it is removed afterwards. If omitted, what the image runs, until it is removed.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

    /// <summary>How long to wait until the pod runs: seconds or a TimeSpan; 0 does not wait.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    private protected override bool SeveralContexts => ParameterSetName == ReportSet;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync([target], one => DebugAsync(one, cancellation), one => one.ToString());
        }
    }

    private async Task DebugAsync(ResourceTarget target, CancellationToken cancellation)
    {
        if (ParameterSetName == ReportSet)
        {
            await WriteAsync(await new NodeReporter(target.Api).ReportAsync((LabNode)target.Object, cancellation), cancellation);
            return;
        }

        if (!await ShouldProcessAsync($"{target} on {target.Api.Address}", $"Start a privileged pod from {Image} in namespace {NamespaceOrDefault}"))
        {
            return;
        }

        NodeDebugOptions options = new() { Namespace = NamespaceOrDefault, Image = Image!, Command = Command, Timeout = Command.Length > 0 && Timeout == TimeSpan.Zero ? TimeSpan.FromMinutes(1) : Timeout };
        LabResource pod = await new NodeDebugger(target.Api, Reporter, target.Object.Context).StartAsync(target.Name, options, cancellation);
        if (Command.Length == 0)
        {
            Reporter.Verbose($"Connect-LabPod {pod.Name} -Namespace {pod.Namespace} -Interactive opens a terminal in it; it stays until it is removed (Remove-LabManifest)");
            await WriteAsync(pod, cancellation);
            return;
        }

        PodRunner runner = new(target.Api, Reporter);
        try
        {
            CommandReader reader = new(this, AskAsync, WriteManyAsync);
            (int code, string? reason) = await runner.RunAsync(pod, lines => reader.TakeAsync([.. lines.Select(line => line.Text)], false, cancellation), cancellation);
            if (code != 0)
            {
                throw new LabException(
                    LabErrorKind.ServiceFailed, "PodFailed", $"The command on {target} ended with {ExitCodes.Describe(code)}{(reason is null ? "" : $", {reason}")}.{reader.Last}") { Target = target.Name };
            }
        }
        finally
        {
            await runner.RemoveAsync(pod);
        }
    }
}
