using System.Management.Automation;
using CloudLab.Cmdlets.Autoscaling.Inputs;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Cmdlets.Pipeline.Completers;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Autoscaling.Vpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Cmdlets.Autoscaling.Vpa;

/// <summary>Calculates which requests a VerticalPodAutoscaler would recommend for what containers used.</summary>
/// <remarks>
/// <para>
/// A dry run of the recommender of the VerticalPodAutoscaler (kubernetes/autoscaler, version 1.7.1), without a cluster. CPU and memory go into histograms
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
/// With -Manifest the policies of the VerticalPodAutoscaler apply: minAllowed, maxAllowed, controlledResources, mode Off, and the annotation for
/// whole cores. With -Hpa it is checked whether a HorizontalPodAutoscaler scales on the utilization of a resource that is recommended too, which
/// makes both work against each other.
/// </para>
/// <para>Errors: NoSamples, SampleInvalid, LoadInvalid, LoadUnsorted, LoadDuplicate, LoadNotFound for samples; NotAVerticalAutoscaler,
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
/// <inputtype>Rows with Time, Container, Cpu and Memory, CSV text, or the answer of Prometheus to a range query.</inputtype>
[Cmdlet(VerbsDiagnostic.Measure, "VpaRequest")]
[Alias("Measure-LabVpa")]
[OutputType(typeof(VpaRecommendation))]
public sealed class MeasureVpaRequestCommand : LabCommand
{
    private readonly VpaSamples samples = new();
    private readonly List<(string Path, string? Resource)> files = [];
    private LoadInput? rows;
    private ManifestInput? manifest;
    private ManifestInput? hpa;
    private VpaSettings settings = VpaSettings.Default;

    /// <summary>The samples: rows, CSV text, or the answer of Prometheus to a range query, as text or from ConvertFrom-Json.</summary>
    [Parameter(ValueFromPipeline = true)]
    [InputAsWritten]
    public object? InputObject { get; set; }

    /// <summary>Files with samples: CSV, or JSON of Prometheus whose series have names.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] SamplePath { get; set; } = [];

    /// <summary>Files with CPU in cores: JSON of Prometheus, for example of rate(container_cpu_usage_seconds_total[5m]).</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] CpuPath { get; set; } = [];

    /// <summary>Files with memory in bytes: JSON of Prometheus, for example of container_memory_working_set_bytes.</summary>
    [Parameter]
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
    [Parameter]
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
    protected override bool AllOnProcess => true;

    /// <inheritdoc/>
    protected override void OnBegin()
    {
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
            samples.AddOom(ManifestInput.Json(oom));
        }

        rows = new(samples.Reader);
        manifest = ManifestInput.Of(this, Manifest);
        hpa = ManifestInput.Of(this, Hpa);
    }

    /// <inheritdoc/>
    protected override void OnProcess() => rows!.Add(InputObject);

    /// <inheritdoc/>
    protected override async Task AfterInputAsync(CancellationToken cancellation)
    {
        VpaManifest policies = manifest is null ? VpaManifest.None : VpaManifest.Of(await manifest.ReadAsync(cancellation), manifest.Source);
        HpaManifest? scaler = hpa is null ? null : HpaManifest.Of(await hpa.ReadAsync(cancellation), hpa.Source);
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
