namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>A HorizontalPodAutoscaler as the controller sees it, with what the API server fills in.</summary>
public sealed record HpaSpec
{
    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Namespace.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Kind of what is scaled.</summary>
    public string TargetKind { get; init; } = "Deployment";

    /// <summary>Name of what is scaled.</summary>
    public string TargetName { get; init; } = "";

    /// <summary>Lowest number of replicas.</summary>
    public int MinReplicas { get; init; } = 1;

    /// <summary>Highest number of replicas.</summary>
    public required int MaxReplicas { get; init; }

    /// <summary>The metrics, at least one.</summary>
    public required IReadOnlyList<HpaMetricSpec> Metrics { get; init; }

    /// <summary>How fast to scale; null for the controller's old fixed limits.</summary>
    public HpaBehavior? Behavior { get; init; }
}

/// <summary>Settings of the controller itself: flags and feature gates of kube-controller-manager.</summary>
public sealed record HpaSettings
{
    /// <summary>What kube-controller-manager 1.36 starts with.</summary>
    public static HpaSettings Default { get; } = new();

    /// <summary>How far the ratio may be from 1 without scaling.</summary>
    public double Tolerance { get; init; } = HpaCalculator.DefaultTolerance;

    /// <summary>For how long after its start the CPU of a pod counts only while it is ready.</summary>
    public TimeSpan CpuInitializationPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long after its start a pod's becoming unready counts as never having been ready.</summary>
    public TimeSpan InitialReadinessDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long past recommendations hold back scaling down.</summary>
    public TimeSpan DownscaleStabilization { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Feature gate HPAConfigurableTolerance: on since 1.35.</summary>
    public bool ConfigurableTolerance { get; init; } = true;

    /// <summary>Feature gate HPAScaleToZero: off in 1.36.</summary>
    public bool ScaleToZero { get; init; }

    /// <summary>The tolerances that hold for one autoscaler.</summary>
    /// <param name="behavior">Its behavior.</param>
    /// <returns>One for each direction.</returns>
    internal HpaTolerances For(HpaBehavior? behavior) => behavior is null || !ConfigurableTolerance
        ? new(Tolerance, Tolerance)
        : new(behavior.ScaleDown?.Tolerance?.ToDouble() ?? Tolerance, behavior.ScaleUp?.Tolerance?.ToDouble() ?? Tolerance);
}

/// <summary>How far the ratio may be from 1 without scaling.</summary>
/// <param name="Down">Below 1.</param>
/// <param name="Up">Above 1.</param>
internal readonly record struct HpaTolerances(double Down, double Up)
{
    /// <summary>Whether a ratio is near enough to 1; both bounds are.</summary>
    /// <param name="ratio">The ratio.</param>
    /// <returns>True where nothing is to be done.</returns>
    public bool Hold(double ratio) => 1.0 - Down <= ratio && ratio <= 1.0 + Up;
}
