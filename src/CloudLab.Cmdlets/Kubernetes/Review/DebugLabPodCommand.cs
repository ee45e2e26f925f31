using System.Management.Automation;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Kubernetes.Streams;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Commands;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Review;

namespace CloudLab.Cmdlets.Kubernetes.Review;

/// <summary>Says what troubles a pod, or a workload or service and its pods, and what to do about it.</summary>
/// <remarks>
/// <para>Puts together status, events, exit codes, probes, quotas, volume claims, referenced ConfigMaps and Secrets and the selectors of services. Findings has what was found, the most
/// important first, each with what to do; Cause and Action are those of the first. Log has the last lines of the container that failed, from before its restart. Pods that have the same
/// trouble share one finding.</para>
/// <para>-Name is a pod, or a workload or service with its kind: deploy/movies, svc/movies, job/import.</para>
/// <para>-Image adds an ephemeral container to the running pod, to look into it with tools that its own image does not have; it stays until the pod goes. -Target shares the processes of
/// one of its containers; with -Interactive it gets this terminal, as with 'kubectl debug -it', and Ctrl+P Ctrl+Q leaves it. -Copy makes a copy of the pod with another image or command, without its labels and probes, so that no service or controller uses it.</para>
/// <para>Errors: NotFound; KindNotSupported for a kind without pods; ContainerNotFound; DebugContainerFailed and WaitTimeout where the added container does not start; TerminalMissing; Forbidden.</para>
/// </remarks>
/// <example>
/// <para>Says why a Deployment does not run.</para>
/// <code>
/// 'apiVersion: apps/v1
/// kind: Deployment
/// metadata: { name: movies }
/// spec:
///   selector: { matchLabels: { app: movies } }
///   template:
///     metadata: { labels: { app: movies } }
///     spec: { containers: [{ name: web, image: "movies:nonexistent" }] }' | Deploy-LabManifest
/// Wait-LabResource pods -LabelSelector app=movies -For jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=ImagePullBackOff -Timeout 60
/// Debug-LabPod deploy/movies
/// </code>
/// </example>
/// <example>
/// <para>Lists everything that is wrong with the pods of a namespace.</para>
/// <code>Get-LabResource pods | Debug-LabPod | Select-Object -ExpandProperty Findings</code>
/// </example>
/// <inputtype>Objects with the properties Kind, Name and Namespace, such as Get-LabResource writes.</inputtype>
[Cmdlet(VerbsDiagnostic.Debug, "LabPod", SupportsShouldProcess = true, DefaultParameterSetName = ReportSet)]
[OutputType(typeof(LabPodReport), ParameterSetName = [ReportSet])]
[OutputType(typeof(LabDebugContainer), ParameterSetName = [ImageSet])]
[OutputType(typeof(LabResource), ParameterSetName = [CopySet])]
public sealed class DebugLabPodCommand : ResourceTargetCommand
{
    private const string ReportSet = "Report", ImageSet = "Image", CopySet = "Copy";

    /// <summary>Names of pods, where wildcards are allowed, or of a workload or service with its kind: <c>deploy/movies</c>.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(NameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public override string[]? Name { get; set; }

    /// <summary>Kind of the objects; pods if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Resource", "Type")]
    [ArgumentCompleter(typeof(KindCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[] Kind { get; set; } = [];

    /// <summary>Number of lines from the end of the log; 10 if omitted.</summary>
    [Parameter(ParameterSetName = ReportSet)]
    [ValidateRange(0, 10000)]
    public int Tail { get; set; } = 10;

    /// <summary>Image of the container that is added; with -Copy, of the container that is changed in the copy.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = CopySet)]
    [ArgumentCompleter(typeof(PodImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Name of the copy.</summary>
    [Parameter(Mandatory = true, ParameterSetName = CopySet)]
    [Alias("CopyTo")]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Copy { get; set; }

    /// <summary>The container of the pod whose processes the added one sees.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [ArgumentCompleter(typeof(TemplateContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Target { get; set; }

    /// <summary>Name of the added container, made up if omitted; with -Copy, the container that is changed, the first if omitted.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = CopySet)]
    [ArgumentCompleter(typeof(TemplateContainerCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Container { get; set; }

    /// <summary>The command of the container; that of its image if omitted.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Parameter(ParameterSetName = CopySet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

    /// <summary>How long to wait until the added container runs: seconds or a TimeSpan; 0 does not wait.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Seconds]
    [NotNegative]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Gives the added container this terminal, as <c>kubectl debug -it</c> does.</summary>
    [Parameter(ParameterSetName = ImageSet)]
    [Alias("i")]
    public SwitchParameter Interactive { get; set; }

    /// <inheritdoc/>
    private protected override bool SeveralContexts => ParameterSetName == ReportSet;

    /// <inheritdoc/>
    private protected override string? DefaultKind => "pods";

    /// <inheritdoc/>
    private protected override bool TakesWholeKinds => ParameterSetName == ReportSet;

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
            await WriteAsync(await new PodReporter(target.Api, target.Object.Context).ReportAsync(target.Resource, target.Object, Tail, cancellation), cancellation);
            return;
        }

        if (target.Resource is not { Group: "", Kind: "Pod" })
        {
            throw new LabException(LabErrorKind.NotSupported, "KindNotSupported", $"-Image and -Copy take a pod, not a {target.Resource.Kind}.");
        }

        PodDebugger debugger = new(target.Api, Reporter);
        PodDebugOptions options = new() { Image = Image, Container = Container, Target = Target, Command = Command, Timeout = Timeout };
        if (ParameterSetName == CopySet)
        {
            if (await ShouldProcessAsync($"{target} on {target.Api.Address}", $"Copy to {Copy}"))
            {
                await WriteAsync(await debugger.CopyAsync(target.Object, Copy!, options, cancellation), cancellation);
            }
        }
        else if (await ShouldProcessAsync($"{target} on {target.Api.Address}", $"Add a container with the image {Image}"))
        {
            LabDebugContainer added = await debugger.AddAsync(target.Object, options, cancellation);
            if (Interactive)
            {
                await PodTerminal.GiveAsync(target.Api, added.Namespace, added.Name, added.Container, Reporter, AskAsync, this, cancellation);
                return;
            }

            Reporter.Verbose($"Connect-LabPod {added.Name} -Container {added.Container} -Namespace {added.Namespace} -Interactive opens a terminal in it");
            await WriteAsync(added, cancellation);
        }
    }
}
