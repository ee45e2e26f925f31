using System.Collections;
using System.Management.Automation;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Replay;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources.Kinds;

namespace CloudLab.Cmdlets.Autoscaling.Hpa;

/// <summary>Calculates how many replicas a HorizontalPodAutoscaler requests: one in a cluster now, or one on paper, now or over a day's load.</summary>
/// <remarks>
/// <para>
/// A dry run of the HorizontalPodAutoscaler. There are four ways to use it: with an autoscaler in a cluster, and without a cluster with numbers, with a
/// manifest and samples of its pods, and with a manifest and a load over time.
/// </para>
/// <para>
/// In a cluster (-Name, or Get-LabResource hpa through the pipeline): what the controller does when it looks next, and why. The scale of the target, the pods under its
/// selector and the metrics (metrics.k8s.io, custom.metrics.k8s.io, external.metrics.k8s.io) are read as the controller reads them. Of what it remembers of earlier
/// recommendations and changes, its status and its events of the last hour tell the part that counts. LastDesiredReplicas is what it asked for last,
/// SettledReplicas what it asks for in the end if the metrics stay as they are. Settings of the controller that differ from the defaults are given with
/// -Tolerance, -DownscaleStabilization and the like. Test-LabHpa says what is wrong.
/// </para>
/// <para>
/// Numbers: one step for one metric: desired = ceil(current replicas x value / target). If value / target is within the tolerance around 1,
/// the number of replicas does not change. The result is limited to the range from minimum to maximum. All pods are assumed to be ready,
/// and the limits on how fast to scale are ignored.
/// </para>
/// <para>
/// Manifest and samples: one step of the controller of Kubernetes 1.36 for all metrics of the manifest, exact down to its floating-point
/// arithmetic: readiness, start times, missing metrics, pods that are being deleted, failed or succeeded, requests of sidecars and of whole pods,
/// tolerances, and how fast it may scale. The decision is the one after the stabilization windows have passed. CPU of a pod is taken from -Metric as
/// an object with pod and value (120m), or as PodMetrics of the metrics API. A pod with only a name is running and ready.
/// </para>
/// <para>
/// Manifest and load: the controller steps through the load every -SyncPeriod. The load is the total over all pods: a column Time and a column
/// for each metric (cpu in cores, memory in bytes, or the name of the metric), from Import-Csv, from a file, or as the JSON that Prometheus
/// answers to a range query. Pods are ready after -PodStartup and share the load; metrics are -MetricLag old. A column Workload, or the labels of
/// the series, tell several workloads apart. The controller is exact; the pods are a model.
/// </para>
/// <para>
/// With 0 replicas autoscaling is disabled and stays at 0, unless the minimum is 0 and the controller itself scaled down to 0 (-ScaleToZero). With more replicas than the
/// maximum, or fewer than the minimum, the limit decides, whatever the metric says. Known faults of 1.36 (kubernetes issues 138505 and 141298) are
/// reproduced, and the property KnownFault says so.
/// </para>
/// <para>
/// Source: kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go and horizontal.go, double-precision
/// arithmetic included: 100 replicas at 7 against 100 give 8, because 0.07 x 100 is slightly more than 7 there too.
/// </para>
/// <para>Errors: NotFound, Forbidden and TargetMissing for autoscalers in a cluster, NoCluster and ClusterUnreachable, which end the command; InvalidTargetValue when the target is 0, negative, NaN or infinite; likewise InvalidCurrentValue,
/// InvalidCurrentReplicas, InvalidMinReplicas, InvalidMaxReplicas and InvalidTolerance. AutoscalerInvalid and NotAnAutoscaler for the manifest, SampleInvalid for
/// pods and metrics, LoadInvalid, LoadUnsorted, LoadDuplicate and LoadLacksMetric for a load, PlotNotSvg and PlotNotWritten for a chart. A bad input from the pipeline is a
/// separate error, and the others continue. A gap in a load is a warning.</para>
/// </remarks>
/// <example>
/// <para>Five replicas at 120 millicores each, with a target of 50: 12.</para>
/// <code>Measure-HpaReplicas -CurrentReplicas 5 -CurrentValue 120 -TargetValue 50</code>
/// </example>
/// <example>
/// <para>The same with at most ten replicas, and the reason in words.</para>
/// <code>Measure-HpaReplicas 5 120 50 -MaxReplicas 10 | Select-Object DesiredReplicas, LimitedBy, Reason</code>
/// </example>
/// <example>
/// <para>A table of loads, one decision each.</para>
/// <code>40, 50, 54, 60, 90 | ForEach-Object { [pscustomobject]@{ CurrentValue = $_ } } | Measure-HpaReplicas -CurrentReplicas 4 -TargetValue 50</code>
/// </example>
/// <example>
/// <para>One step of an autoscaler in a manifest, from what its pods use.</para>
/// <code>
/// $pods = 'web-1', 'web-2', 'web-3' | ForEach-Object { @{ name = $_; requests = @{ cpu = '500m' } } }
/// $used = 'web-1', 'web-2', 'web-3' | ForEach-Object { @{ pod = $_; value = '450m' } }
/// Measure-HpaReplicas -Manifest hpa.yaml -Pod $pods -Metric $used
/// </code>
/// </example>
/// <example>
/// <para>What the autoscaler would have done with a day's load.</para>
/// <code>Import-Csv load.csv | Measure-HpaReplicas -Manifest hpa.yaml | Where-Object Change -NE 0</code>
/// </example>
/// <example>
/// <para>Two manifests on the same load: replica-seconds, seconds over the target, flaps, and charts of both.</para>
/// <code>Measure-HpaReplicas -Manifest hpa.yaml -LoadPath load.csv -Compare hpa-calm.yaml -Plot -PlotPath scaling.svg</code>
/// </example>
/// <example>
/// <para>What the autoscalers of a cluster do next.</para>
/// <code>Get-LabResource hpa -AllNamespaces | Measure-HpaReplicas | Select-Object Name, CurrentReplicas, DesiredReplicas, SettledReplicas, Reason</code>
/// </example>
/// <inputtype>HorizontalPodAutoscalers from Get-LabResource; objects with the properties CurrentReplicas, CurrentValue, TargetValue, MinReplicas, MaxReplicas, Tolerance; with -Manifest rows of a load, or the answer of Prometheus to a range query.</inputtype>
/// <seealso cref="Kubernetes.Autoscaling.TestLabHpaCommand"/>
/// <seealso cref="Kubernetes.Metrics.GetLabMetricCommand"/>
/// <seealso cref="Vpa.MeasureVpaRequestCommand"/>
[Cmdlet(VerbsDiagnostic.Measure, "HpaReplicas", DefaultParameterSetName = NumberSet)]
[Alias("Measure-LabHpa")]
[OutputType(typeof(HpaDecision), ParameterSetName = [NumberSet, SampleSet])]
[OutputType(typeof(LabHpaDecision), ParameterSetName = [NumberSet, NameSet])]
[OutputType(typeof(HpaReplayStep), typeof(HpaReplaySummary), ParameterSetName = [LoadSet])]
public sealed class MeasureHpaReplicasCommand : ResourceTargetBase
{
    private const string NameSet = "Name";
    private const string NumberSet = "Numbers";
    private const string SampleSet = "Samples";
    private const string LoadSet = "Load";

    private readonly Dictionary<KubernetesApi, LiveHpa> live = [];
    private readonly HpaLoadReader reader = new();
    private readonly List<string> loadPaths = [];
    private LoadInput? load;
    private ManifestInput? given;
    private ManifestInput? compared;
    private string? plotPath;
    private HpaManifest? manifest;
    private HpaManifest? other;
    private HpaSettings settings = HpaSettings.Default;

    /// <summary>Autoscalers in a cluster, as Get-LabResource hpa writes them. They are read anew.</summary>
    // In the set of the numbers: an autoscaler has CurrentReplicas too, and PowerShell would take it for a row that lacks the rest.
    [Parameter(ValueFromPipeline = true, ParameterSetName = NumberSet)]
    [ValidateNotNull]
    public LabAutoscaler? Autoscaler { get; set; }

    /// <summary>Names of autoscalers in a cluster; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(AutoscalerCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Current number of replicas. With -Manifest: of the workload in the same file if omitted, else as many as there are pods, else the minimum.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? CurrentReplicas { get; set; }

    /// <summary>The measured value: the average over the pods, in the unit of the target.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double? CurrentValue { get; set; }

    /// <summary>The target value of the autoscaler.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double? TargetValue { get; set; }

    /// <summary>Lowest number of replicas allowed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int MinReplicas { get; set; } = 1;

    /// <summary>Highest number of replicas allowed; no limit if omitted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? MaxReplicas { get; set; }

    /// <summary>How far from 1 the ratio of value to target may be without scaling; 0.1 is the controller's default. A manifest's own tolerances come first.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double Tolerance { get; set; } = HpaCalculator.DefaultTolerance;

    /// <summary>The autoscaler: a file (YAML or JSON), its text, or an object such as Get-LabResource gives. The workload may be in the same file: its requests, limits and replicas are then known.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SampleSet)]
    [Parameter(Mandatory = true, ParameterSetName = LoadSet)]
    [ValidateNotNullOrEmpty]
    public object? Manifest { get; set; }

    /// <summary>The pods: Pod objects, or objects with name, and where they matter phase, ready, startTime, deleted, requests.</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public object[] Pod { get; set; } = [];

    /// <summary>What was measured: PodMetrics objects, custom or external metric values, or objects with pod (or name, for an Object or External metric) and value; metric names the metric where there are several. With error instead of value the metric could not be read.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SampleSet)]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public object[] Metric { get; set; } = [];

    /// <summary>Replicas that there are, where they differ from those that are asked for: during a rollout, for example.</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [ValidateRange(0, int.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int? StatusReplicas { get; set; }

    /// <summary>The time of the controller; the newest time among the metrics if omitted.</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public DateTimeOffset? At { get; set; }

    /// <summary>The load: rows with Time and a column for each metric, CSV text, or the answer of Prometheus to a range query, as text or from ConvertFrom-Json.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = LoadSet)]
    [InputAsWritten]
    public object? InputObject { get; set; }

    /// <summary>Files with loads: CSV, or JSON of Prometheus.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] LoadPath { get; set; } = [];

    /// <summary>A second manifest for the same load, as -Manifest. The sums of both are the output.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [ValidateNotNullOrEmpty]
    public object? Compare { get; set; }

    /// <summary>Only the sums of each workload: replica-seconds, seconds over the target, flaps.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    public SwitchParameter Summary { get; set; }

    /// <summary>Draws replicas and load as text in place of the steps. The axis at the bottom is the time in UTC, the numbers at the left are replicas and load; the row over has a ! wherever the metric is above its target.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    public SwitchParameter Plot { get; set; }

    /// <summary>Writes the chart to this SVG file; with several workloads to one file each, with the workload in its name.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [ValidateNotNullOrEmpty]
    public string? PlotPath { get; set; }

    /// <summary>What a pod requests by resource, as in @{ cpu = '500m' }, where the manifest has no workload.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public IDictionary? Request { get; set; }

    /// <summary>Time from asking for a pod until it is ready: seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan PodStartup { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How old the metrics are that the controller reads: seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan MetricLag { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time between two steps of the controller (--horizontal-pod-autoscaler-sync-period): seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan SyncPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>For how long after its start the CPU of a pod counts only while it is ready (--horizontal-pod-autoscaler-cpu-initialization-period): seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan CpuInitializationPeriod { get; set; } = HpaSettings.Default.CpuInitializationPeriod;

    /// <summary>For how long after its start a pod that is not ready counts as never having been ready (--horizontal-pod-autoscaler-initial-readiness-delay): seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan InitialReadinessDelay { get; set; } = HpaSettings.Default.InitialReadinessDelay;

    /// <summary>The window for scaling down where the manifest has none (--horizontal-pod-autoscaler-downscale-stabilization): seconds or a TimeSpan.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    [Seconds]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public TimeSpan DownscaleStabilization { get; set; } = HpaSettings.Default.DownscaleStabilization;

    /// <summary>The feature gate HPAScaleToZero, which is off in 1.36, is on: with a minimum of 0 the controller goes down to 0 and comes back.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = SampleSet)]
    [Parameter(ParameterSetName = LoadSet)]
    public SwitchParameter ScaleToZero { get; set; }

    // Not in the sets of the manifests: a parameter of every set that takes the pipeline makes PowerShell ask for -Metric where rows of a load come.
    /// <inheritdoc cref="ResourceTargetBase.Context"/>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NameSet)]
    [Alias("KubeContext")]
    [ArgumentCompleter(typeof(ContextCompleter))]
    public override string[]? Context { get; set; }

    /// <inheritdoc cref="KubeCommand.Namespace"/>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NumberSet)]
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = NameSet)]
    [Alias("n", "ns")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public override string? Namespace { get; set; }

    /// <inheritdoc/>
    protected override bool AllOnProcess => !IsLive;

    private bool IsLive => ParameterSetName == NameSet || Autoscaler is not null;

    /// <inheritdoc/>
    private protected override bool NeedsCluster => false;

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? GivenApiVersion => "autoscaling/v2";

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => [new("HorizontalPodAutoscaler", Autoscaler is not null ? [Autoscaler.Name] : Name)];

    /// <inheritdoc/>
    protected override int ConcurrentInputs => Environment.ProcessorCount;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        HpaCalculator.CheckTolerance(Tolerance);
        foreach ((string name, TimeSpan time) in (ReadOnlySpan<(string, TimeSpan)>)
            [
                (nameof(PodStartup), PodStartup), (nameof(MetricLag), MetricLag), (nameof(SyncPeriod), SyncPeriod), (nameof(CpuInitializationPeriod), CpuInitializationPeriod),
                (nameof(InitialReadinessDelay), InitialReadinessDelay), (nameof(DownscaleStabilization), DownscaleStabilization),
            ])
        {
            if (time < TimeSpan.Zero || (name == nameof(SyncPeriod) && time < TimeSpan.FromSeconds(1)))
            {
                throw new LabException(LabErrorKind.InvalidArgument, "Invalid" + name, $"-{name} cannot be {time.TotalSeconds:0.###} seconds: give {(name == nameof(SyncPeriod) ? "1 second or more" : "0 or more")}.");
            }
        }

        if (ParameterSetName != NumberSet && CurrentReplicas < 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "InvalidCurrentReplicas", $"CurrentReplicas cannot be {CurrentReplicas}: give 0 or more.");
        }

        settings = new HpaSettings
        {
            Tolerance = Tolerance,
            CpuInitializationPeriod = CpuInitializationPeriod,
            InitialReadinessDelay = InitialReadinessDelay,
            DownscaleStabilization = DownscaleStabilization,
            ScaleToZero = ScaleToZero,
        };
        given = ManifestInput.Of(this, Manifest);
        compared = ManifestInput.Of(this, Compare);
        plotPath = PlotPath is null ? null : SvgPath(FilePath.Of(this, PlotPath));
        foreach (string path in LoadPath)
        {
            loadPaths.AddRange(FilePath.Meant(this, path));
        }
    }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellation)
    {
        if (given is null)
        {
            return;
        }

        manifest = HpaManifest.Of(await given.ReadAsync(cancellation), given.Source);
        other = compared is null ? null : HpaManifest.Of(await compared.ReadAsync(cancellation), compared.Source);
        foreach (string path in loadPaths)
        {
            await reader.AddFileAsync(path, cancellation);
        }
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        switch (ParameterSetName)
        {
            case NumberSet when Autoscaler is null:
                Decide();
                break;
            case SampleSet:
                Sample();
                break;
            case NumberSet or NameSet:
                break;
            default:
                load ??= new(reader);
                load.Add(InputObject);
                break;
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            if (!live.TryGetValue(target.Api, out LiveHpa? decider))
            {
                live[target.Api] = decider = new LiveHpa(target.Api);
            }

            await ForEachAsync([target], async one => await WriteAsync(await decider.DecideAsync(one.Object, settings, cancellation), cancellation), one => one.ToString());
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (ParameterSetName != LoadSet)
        {
            return;
        }

        load?.Complete();
        if (reader.Doubt is { } doubt)
        {
            Reporter.Warning(doubt);
        }

        if (reader.Loads.Count == 0)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "NoLoad",
                "There is no load: pipe rows with Time and a column for each metric, give -LoadPath load.csv, or give -Pod and -Metric for one step.");
        }

        HpaReplayOptions options = new()
        {
            Settings = settings,
            SyncPeriod = SyncPeriod,
            PodStartup = PodStartup,
            MetricLag = MetricLag,
            Replicas = CurrentReplicas,
            Requests = Request is null ? null : PlainObject.Texts(Request).ToDictionary(one => one.Key, one => Quantity.Parse(one.Value).MilliValue, StringComparer.Ordinal),
        };
        bool many = reader.Loads.Count > 1;
        foreach (HpaLoad one in reader.Loads)
        {
            if (many && !Plot)
            {
                await StartAsync(one.Workload, token => ReplayAsync(one, options, many, token));
            }
            else
            {
                // In order: charts of two workloads must not mix.
                try
                {
                    await ReplayAsync(one, options, many, cancellation);
                }
                catch (LabException e)
                {
                    WriteProblem(e, one.Workload);
                }
            }
        }
    }

    private async Task ReplayAsync(HpaLoad load, HpaReplayOptions options, bool many, CancellationToken cancellation)
    {
        foreach (string gap in load.Check())
        {
            Reporter.Warning(gap);
        }

        bool draws = Plot || plotPath is not null;
        List<HpaCurve> curves = [];
        List<HpaReplaySummary> sums = [];
        foreach (HpaManifest one in other is null ? [manifest!] : (HpaManifest[])[manifest!, other])
        {
            HpaReplay replay = new(one, load, options);
            bool showsSteps = other is null && !Summary && !Plot;
            if (!showsSteps && !draws)
            {
                sums.Add(replay.Sum(cancellation));
                continue;
            }

            HpaCurve curve = new(load.Workload.Length > 0 ? $"{load.Workload}, {one.Source}" : one.Source);
            List<HpaReplayStep> page = [];
            foreach (HpaReplayStep step in replay.Run(cancellation))
            {
                if (draws)
                {
                    curve.Add(step);
                }

                if (showsSteps)
                {
                    page.Add(step);
                    if (page.Count == 256)
                    {
                        await WritePageAsync(page);
                        page = [];
                    }
                }
            }

            await WritePageAsync(page);
            curves.Add(curve);
            sums.Add(replay.Summary());
        }

        if (Plot)
        {
            int width = await AskAsync(Width);
            await WritePageAsync(HpaPlot.Text(curves, width).ToArray());
        }

        if (plotPath is not null)
        {
            await WriteChartAsync(many ? load.Workload : "", HpaPlot.Svg(curves), cancellation);
        }

        if (Summary || other is not null)
        {
            await WritePageAsync(other is null ? sums : (HpaReplaySummary[])[sums[0], HpaReplaySummary.Compared(sums[0], sums[1])]);
        }
    }

    private async Task WriteChartAsync(string workload, string svg, CancellationToken cancellation)
    {
        string path = plotPath!;
        if (workload.Length > 0)
        {
            string name = string.Concat(workload.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
            path = Path.Combine(Path.GetDirectoryName(path)!, $"{Path.GetFileNameWithoutExtension(path)}-{name}{Path.GetExtension(path)}");
        }

        try
        {
            await File.WriteAllTextAsync(path, svg, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PlotNotWritten", $"The chart {path} cannot be written: {e.Message}", e);
        }

        Reporter.Verbose($"Chart: {path}");
    }

    // Before any step is written: the chart comes after all of them.
    private static string SvgPath(string path)
    {
        if (Path.GetExtension(path) is { Length: > 0 } extension && !extension.Equals(".svg", StringComparison.OrdinalIgnoreCase))
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PlotNotSvg", $"-PlotPath writes SVG, not {extension}: name the file {Path.GetFileNameWithoutExtension(path)}.svg.");
        }

        return Path.GetDirectoryName(path) is not { Length: > 0 } folder || Directory.Exists(folder) ? path
            : throw new LabException(LabErrorKind.InvalidArgument, "PlotNotWritten", $"The chart {path} cannot be written: there is no folder {folder}. Make it, or give another -PlotPath.");
    }

    private int Width()
    {
        try
        {
            return Host.UI?.RawUI?.BufferSize.Width is > 20 and int width ? width : 80;
        }
        catch (Exception e) when (e is System.Management.Automation.Host.HostException or NotImplementedException or InvalidOperationException or IOException)
        {
            // A host without a screen.
            return 80;
        }
    }

    private void Decide()
    {
        try
        {
            WriteObject(HpaCalculator.Decide(Given(CurrentReplicas, nameof(CurrentReplicas)), Given(CurrentValue, nameof(CurrentValue)), Given(TargetValue, nameof(TargetValue)), MinReplicas, MaxReplicas, Tolerance));
        }
        catch (LabException e) when (MyInvocation.ExpectingInput)
        {
            // As a parameter it stops the command; as one of many inputs it is that input's own error.
            WriteError(ErrorMapper.ToRecord(e, CurrentReplicas));
        }
    }

    private static T Given<T>(T? value, string name)
        where T : struct => value ?? throw new LabException(
            LabErrorKind.InvalidArgument, "Missing" + name, $"-{name} is missing: give -CurrentReplicas, -CurrentValue and -TargetValue, or an autoscaler of a cluster with -Name.");

    private void Sample()
    {
        HpaSamples samples = new(manifest!, Pod.Select(ManifestInput.Json), Metric.Select(ManifestInput.Json), At);
        HpaDecision decision = samples.Decide(settings, CurrentReplicas, StatusReplicas);
        foreach (string doubt in samples.Doubts.Take(5))
        {
            WriteWarning(doubt);
        }

        WriteObject(decision);
    }
}
