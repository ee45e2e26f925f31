using System.Management.Automation;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Kubernetes.Completers;
using CloudLab.Cmdlets.Kubernetes.Resources;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Vpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Autoscaling;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Autoscaling.Vpa;

/// <summary>Calculates which requests a VerticalPodAutoscaler would recommend for what containers used, or use now in a cluster.</summary>
/// <remarks>
/// <para>
/// A dry run of the recommender of the VerticalPodAutoscaler (kubernetes/autoscaler, version 1.7.1). CPU and memory go into histograms
/// whose buckets grow by 5 % and in which a sample loses half of its weight each day; of memory only the highest value of a day and pod counts. The
/// target is what 90 % of that stays below, with a margin of 15 %, and not less than 25m and 250Mi for a pod, shared by its containers. The lower
/// bound (50 %) and the upper bound (95 %) are moved apart while there is little history: full confidence takes a sample a minute for a day. A
/// container that ran out of memory is given 20 % more than it had, 100Mi more at least.
/// </para>
/// <para>
/// Samples are rows with Time, Container, Cpu and Memory, from Import-Csv, from a file or made by hand: CPU in cores (0.25 or 250m), memory in bytes
/// (134217728 or 128Mi). A column Pod tells pods with the same containers apart; a column Oom has the memory that a container requested when it ran out of it. Answers of Prometheus to
/// range queries are read too: series with the labels container and pod. As rate() leaves series without a name, give them with -CpuPath and -MemoryPath.
/// Several answers follow each other, as a server gives 11,000 points at most.
/// </para>
/// <para>
/// Workloads in a cluster (-Name, or Get-LabResource through the pipeline): the samples are what their pods use at this moment, one for each pod and container, and containers that were killed
/// for their memory. That is little, and a warning says how little. A VerticalPodAutoscaler of the workload gives the policies, and what the recommender in the cluster recommends stands beside
/// (StatusCpuTarget, StatusMemoryTarget); a VerticalPodAutoscaler through the pipeline means its target. A HorizontalPodAutoscaler of the workload is checked as with -Hpa.
/// </para>
/// <para>
/// With -Manifest the policies of the VerticalPodAutoscaler apply: minAllowed, maxAllowed, controlledResources, mode Off, and the annotation for
/// whole cores. With -Hpa it is checked whether a HorizontalPodAutoscaler scales on the utilization of a resource that is recommended too, which
/// makes both work against each other.
/// </para>
/// <para>
/// The properties of the result are quantities as Kubernetes writes them: CPU in cores (250m is a quarter of one), memory in bytes unless it has a suffix. The table shows memory in Mi.
/// </para>
/// <para>Errors: MetricsUnavailable, NotFound, TargetMissing, KindNotSupported and Forbidden for workloads in a cluster; NoSamples, SampleInvalid, LoadInvalid, LoadUnsorted, LoadDuplicate, LoadNotFound for samples; NotAVerticalAutoscaler,
/// VerticalAutoscalerInvalid, VersionNotServed, ManifestNotFound, ManifestUnreadable and ManifestInvalid for the manifest, NotAnAutoscaler and AutoscalerInvalid for -Hpa; InvalidPercentile,
/// InvalidSafetyMargin. A gap in the samples is a warning.</para>
/// </remarks>
/// <example>
/// <para>Requests for two containers, from a table of what they used, and why.</para>
/// <code>Import-Csv usage.csv | Measure-VpaRequest | Format-List Container, CpuTarget, MemoryTarget, Reason</code>
/// </example>
/// <example>
/// <para>With the policies of a manifest, and the autoscaler of the same workload.</para>
/// <code>Measure-VpaRequest -SamplePath usage.csv -Manifest vpa.yaml -Hpa hpa.yaml</code>
/// </example>
/// <example>
/// <para>After a container ran out of memory.</para>
/// <code>Measure-VpaRequest -SamplePath usage.csv -Oom @{ Time = '2026-11-28T12:00:00Z'; Container = 'web'; Memory = '512Mi' }</code>
/// </example>
/// <example>
/// <para>What the Deployments of a namespace request, and what a first guess by their use of this moment is.</para>
/// <code>Get-LabResource deploy | Measure-VpaRequest | Select-Object Workload, Container, CpuRequest, CpuTarget, MemoryRequest, MemoryTarget</code>
/// </example>
/// <inputtype>Workloads and VerticalPodAutoscalers from Get-LabResource; rows with Time, Container, Cpu and Memory, CSV text, or the answer of Prometheus to a range query.</inputtype>
/// <seealso cref="Hpa.MeasureHpaReplicasCommand"/>
/// <seealso cref="Kubernetes.Metrics.GetLabMetricCommand"/>
/// <seealso cref="Capacity.MeasureLabCapacityCommand"/>
[Cmdlet(VerbsDiagnostic.Measure, "VpaRequest", DefaultParameterSetName = SampleSet)]
[Alias("Measure-LabVpa")]
[OutputType(typeof(VpaRecommendation), ParameterSetName = [SampleSet])]
[OutputType(typeof(LabVpaRecommendation), ParameterSetName = [SampleSet, NameSet])]
public sealed class MeasureVpaRequestCommand : ResourceTargetBase
{
    private const string SampleSet = "Samples";
    private const string NameSet = "Name";

    private readonly VpaSamples samples = new();
    private readonly List<(string Path, string? Resource)> files = [];
    private LoadInput? rows;
    private ManifestInput? manifest;
    private ManifestInput? hpa;
    private VpaSettings settings = VpaSettings.Default;
    private LabResource? workload;
    private bool hasRows;
    private bool hasWorkloads;

    /// <summary>Workloads in a cluster: names of Deployments, or with their kind, as in <c>sts/db</c>; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ScaleTargetCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Workloads in a cluster from Get-LabResource; or the samples: rows, CSV text, or the answer of Prometheus to a range query, as text or from ConvertFrom-Json.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = SampleSet)]
    [InputAsWritten]
    public object? InputObject { get; set; }

    /// <summary>Files with samples: CSV, or JSON of Prometheus whose series have names.</summary>
    [Parameter(Position = 0, ParameterSetName = SampleSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] SamplePath { get; set; } = [];

    /// <summary>Files with CPU in cores: JSON of Prometheus, for example of rate(container_cpu_usage_seconds_total[5m]).</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] CpuPath { get; set; } = [];

    /// <summary>Files with memory in bytes: JSON of Prometheus, for example of container_memory_working_set_bytes.</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] MemoryPath { get; set; } = [];

    /// <summary>The VerticalPodAutoscaler: a file (YAML or JSON), its text, or an object such as Get-LabResource gives. Without it there are no policies.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? Manifest { get; set; }

    /// <summary>A HorizontalPodAutoscaler of the same workload, as -Manifest.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public object? Hpa { get; set; }

    /// <summary>Events of containers that ran out of memory: objects with Time, Container, Memory (what it requested), and Pod where the samples have pods.</summary>
    [Parameter(ParameterSetName = SampleSet)]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public object[] Oom { get; set; } = [];

    /// <summary>What is added to each estimate, as a fraction (--recommendation-margin-fraction).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double SafetyMargin { get; set; } = VpaSettings.Default.SafetyMargin;

    /// <summary>The share of CPU samples that the target covers (--target-cpu-percentile).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double TargetCpuPercentile { get; set; } = VpaSettings.Default.Cpu.Target;

    /// <summary>The share of memory peaks that the target covers (--target-memory-percentile).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public double TargetMemoryPercentile { get; set; } = VpaSettings.Default.Memory.Target;

    /// <summary>Least CPU of a pod (--pod-recommendation-min-cpu-millicores), as in 25m.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string PodMinCpu { get; set; } = "25m";

    /// <summary>Least memory of a pod (--pod-recommendation-min-memory-mb), as in 250Mi.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string PodMinMemory { get; set; } = "250Mi";

    /// <inheritdoc/>
    protected override bool AllOnProcess => ParameterSetName == SampleSet && PlainObject.Of(InputObject) is not LabResource;

    /// <inheritdoc/>
    private protected override bool NeedsCluster => false;

    /// <inheritdoc/>
    private protected override bool SeveralContexts => true;

    /// <inheritdoc/>
    private protected override string? GivenApiVersion => workload?.ApiVersion;

    /// <inheritdoc/>
    private protected override List<AskedKind> Asked() => workload is not null
        ? [new(workload.Kind, [workload.Name])]
        : [.. Name.Select(name => name.Split('/', 2)).Select(parts => parts is [var kind, var name] ? new AskedKind(kind, [name]) : new AskedKind("deployments.apps", [parts[0]]))];

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        foreach ((string name, double share) in (ReadOnlySpan<(string, double)>)[(nameof(TargetCpuPercentile), TargetCpuPercentile), (nameof(TargetMemoryPercentile), TargetMemoryPercentile)])
        {
            if (share is not (> 0 and <= 1))
            {
                throw Invalid("InvalidPercentile", $"-{name} cannot be {share}: give a share above 0 and up to 1, as in 0.9 for 90 %.");
            }
        }

        if (!double.IsFinite(SafetyMargin) || SafetyMargin < 0)
        {
            throw Invalid("InvalidSafetyMargin", $"-SafetyMargin cannot be {SafetyMargin}: give a fraction of 0 or more, as in 0.15 for 15 %.");
        }

        settings = new()
        {
            SafetyMargin = SafetyMargin,
            Cpu = VpaSettings.Default.Cpu with { Target = TargetCpuPercentile },
            Memory = VpaSettings.Default.Memory with { Target = TargetMemoryPercentile },
            PodMinCpuMilli = Least(nameof(PodMinCpu), PodMinCpu).MilliValue,
            PodMinMemoryMb = Least(nameof(PodMinMemory), PodMinMemory).Value / (1024.0 * 1024),
        };
        AddFiles(SamplePath, null);
        AddFiles(CpuPath, "cpu");
        AddFiles(MemoryPath, "memory");
        foreach (object oom in Oom)
        {
            try
            {
                samples.AddOom(ManifestInput.Json(oom));
            }
            catch (LabException e) when (e.Kind == LabErrorKind.InvalidData)
            {
                // A parameter, not a row among others.
                throw Invalid(e.Code, $"-Oom: {e.Message}");
            }
        }

        rows = new(samples.Reader);
        manifest = ManifestInput.Of(this, Manifest);
        hpa = ManifestInput.Of(this, Hpa);
    }

    /// <inheritdoc/>
    protected override void OnProcess()
    {
        workload = ParameterSetName == SampleSet ? PlainObject.Of(InputObject) as LabResource : null;
        if (workload is null && ParameterSetName == SampleSet)
        {
            hasRows |= InputObject is not null;
            rows!.Add(InputObject);
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        hasWorkloads = true;
        (VpaManifest? policies, HpaManifest? scaler) = await GivenAsync(cancellation);
        await foreach (ResourceTarget target in TargetsAsync(cancellation))
        {
            await ForEachAsync(
                [target], async one => await WriteManyAsync(await new LiveVpa(one.Api, Reporter).RecommendAsync(one.Object, policies, scaler, settings, cancellation), cancellation), one => one.ToString());
        }
    }

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        if (hasWorkloads && !hasRows && files.Count == 0)
        {
            return;
        }

        (VpaManifest? given, HpaManifest? scaler) = await GivenAsync(cancellation);
        VpaManifest policies = given ?? VpaManifest.None;
        foreach ((string path, string? resource) in files)
        {
            await samples.AddFileAsync(path, resource, cancellation);
        }

        rows!.Complete();
        IReadOnlyList<VpaRecommendation> found = VpaCalculator.Recommend(samples, policies, settings, scaler);
        foreach (string doubt in policies.Doubts.Concat(samples.Doubts).Concat(found.Select(one => one.Conflict).OfType<string>().Distinct(StringComparer.Ordinal)))
        {
            Reporter.Warning(doubt);
        }

        await WriteManyAsync(found, cancellation);
    }

    private async Task<(VpaManifest? Policies, HpaManifest? Scaler)> GivenAsync(CancellationToken cancellation) => (
        manifest is null ? null : VpaManifest.Of(await manifest.ReadAsync(cancellation), manifest.Source),
        hpa is null ? null : HpaManifest.Of(await hpa.ReadAsync(cancellation), hpa.Source));

    private static LabException Invalid(string code, string message) => new(LabErrorKind.InvalidArgument, code, message);

    private static Quantity Least(string name, string text) => Quantity.Parse(text) is { Sign: >= 0 } amount
        ? amount
        : throw Invalid("Invalid" + name, $"-{name} cannot be {text}: give 0 or more.");

    private void AddFiles(string[] paths, string? resource)
    {
        foreach (string path in paths)
        {
            files.AddRange(FilePath.Meant(this, path).Select(found => (found, resource)));
        }
    }
}
