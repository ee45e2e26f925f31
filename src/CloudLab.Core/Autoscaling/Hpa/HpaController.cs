using System.Globalization;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>What one metric measured, for the status of the autoscaler.</summary>
/// <param name="Utilization">Average in percent of the request.</param>
/// <param name="AverageMilli">Average in thousandths.</param>
/// <param name="ValueMilli">Value in thousandths.</param>
internal readonly record struct HpaMetricStatus(int? Utilization, long? AverageMilli, long? ValueMilli);

/// <summary>What the controller did in one step.</summary>
internal struct HpaStep
{
    /// <summary>Replicas that were asked for before.</summary>
    public int Current;

    /// <summary>Replicas that are asked for now.</summary>
    public int Desired;

    /// <summary>Replicas that the metrics alone ask for; null where they were not looked at or failed.</summary>
    public int? Raw;

    /// <summary>Replicas after the stabilization windows; null as <see cref="Raw"/>.</summary>
    public int? Stabilized;

    /// <summary>Place of the metric that decided; -1 without.</summary>
    public int Metric;

    /// <summary>What that metric asked for, or the first that failed.</summary>
    public HpaProposal Proposal;

    /// <summary>True where the number of replicas was changed.</summary>
    public bool Rescaled;

    /// <summary>True where autoscaling is off because there are no replicas.</summary>
    public bool Disabled;

    /// <summary>The error that the controller returns; null without.</summary>
    public string? Error;

    /// <summary>The controller's events, with their reasons; null without.</summary>
    public List<string>? Events;
}

/// <summary>
/// The HorizontalPodAutoscaler controller of Kubernetes 1.36 for one autoscaler, without a cluster: each <see cref="Step"/> is one
/// reconciliation. Source: kubernetes/kubernetes <c>pkg/controller/podautoscaler/horizontal.go</c>.
/// </summary>
/// <param name="spec">The autoscaler, with the API server's defaults.</param>
/// <param name="settings">Settings of the controller.</param>
internal sealed class HpaController(HpaSpec spec, HpaSettings settings)
{
    private HpaSpec spec = spec;
    private HpaMetricStatus[] statuses = new HpaMetricStatus[spec.Metrics.Count];

    /// <summary>The autoscaler; may be changed between steps.</summary>
    public HpaSpec Spec
    {
        get => spec;
        set
        {
            spec = value;
            statuses = new HpaMetricStatus[value.Metrics.Count];
        }
    }

    /// <summary>What the controller remembers.</summary>
    public HpaHistory History { get; private set; } = new();

    /// <summary>status.desiredReplicas.</summary>
    public int DesiredReplicas { get; private set; }

    /// <summary>Condition AbleToScale.</summary>
    public HpaCondition Able { get; private set; }

    /// <summary>Condition ScalingActive.</summary>
    public HpaCondition Active { get; private set; }

    /// <summary>Condition ScalingLimited.</summary>
    public HpaCondition Limited { get; private set; }

    /// <summary>Condition ScaledToZero.</summary>
    public HpaCondition ScaledToZero { get; private set; }

    /// <summary>status.currentMetrics, in the order of the spec; empty where the metrics were not looked at.</summary>
    public ReadOnlySpan<HpaMetricStatus> Metrics => measured ? statuses : [];

    private bool measured;

    /// <summary>Forgets recommendations and changes, as the controller does when it starts again.</summary>
    public void Restart() => History = new();

    /// <summary>Takes 0 replicas as the controller's own doing.</summary>
    public void SetScaledToZero() => ScaledToZero = new(true, "ScaledToZero", "the HPA controller scaled the workload to zero");

    /// <summary>One reconciliation.</summary>
    /// <param name="nowMs">The controller's time, Unix milliseconds.</param>
    /// <param name="current">Replicas that are asked for.</param>
    /// <param name="status">Replicas that there are.</param>
    /// <param name="source">The metrics.</param>
    /// <returns>What was done.</returns>
    public HpaStep Step(long nowMs, int current, int status, IHpaMetricSource source)
    {
        HpaStep step = new() { Current = current, Desired = current, Metric = -1 };
        Able = new(true, "SucceededGetScale", "the HPA controller was able to get the target's current scale");
        if (History.Recommendations.Count == 0)
        {
            History.Recommendations.Add(new(current, nowMs));
        }

        int min = spec.MinReplicas;
        bool fromZero = settings.ScaleToZero && ScaledToZero.Status == true;
        bool hasOutside = HasOutside();
        string? reason = null;
        measured = false;
        if (current == 0 && !((min != 0 && fromZero) || (fromZero && hasOutside)))
        {
            step.Disabled = true;
            Active = new(false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
            ScaledToZero = settings.ScaleToZero ? ScaledToZero : default;
            DesiredReplicas = 0;
            return step;
        }

        if (current > spec.MaxReplicas && current != 0)
        {
            reason = "Current number of replicas above Spec.MaxReplicas";
            step.Desired = spec.MaxReplicas;
        }
        else if (current < min && current != 0)
        {
            reason = "Current number of replicas below Spec.MinReplicas";
            step.Desired = min;
        }
        else
        {
            measured = true;
            if (!Measure(ref step, nowMs, current, status, source))
            {
                step.Desired = current;
                (step.Events ??= []).Add("FailedComputeMetricsReplicas: " + step.Error);
                step.Error = $"failed to compute desired number of replicas based on listed metrics for {spec.TargetKind}/{spec.Namespace}/{spec.TargetName}: {step.Error}";
                return step;
            }

            int desired = Math.Max(step.Raw!.Value, 0);
            reason = desired > current ? null : desired < current ? "All metrics below target" : "";
            step.Desired = Normalize(ref step, nowMs, current, desired, min);
            if (current == 0 && min != 0 && fromZero && step.Desired < min)
            {
                step.Desired = min;
                reason = reason is "" ? "Current number of replicas below Spec.MinReplicas" : reason;
            }

            if (step.Desired == current)
            {
                DesiredReplicas = current;
                return step;
            }
        }

        step.Rescaled = true;
        reason ??= $"{(step.Raw > 0 ? spec.Metrics[step.Metric].Title : "")} above target";
        string size = step.Desired.ToString(CultureInfo.InvariantCulture);
        Able = new(true, "SucceededRescale", "the HPA controller was able to update the target scale to " + size);
        (step.Events ??= []).Add($"SuccessfulRescale: New size: {size}; reason: {reason}");
        HpaScaling.Remember(History, spec.Behavior, current, step.Desired, nowMs);
        ScaledToZero = !settings.ScaleToZero ? default
            : current > 0 && step.Desired == 0 && min == 0 && hasOutside
                ? new(true, "ScaledToZero", "the HPA controller scaled the workload to zero")
                : new(false, "NotScaledToZero", "the HPA controller did not scale the workload to zero");
        DesiredReplicas = step.Desired;
        return step;
    }

    private bool HasOutside()
    {
        for (int i = 0; i < spec.Metrics.Count; i++)
        {
            if (spec.Metrics[i].Type is HpaMetricType.Object or HpaMetricType.External)
            {
                return true;
            }
        }

        return false;
    }

    private int Normalize(ref HpaStep step, long nowMs, int current, int desired, int min)
    {
        int stabilized;
        HpaCondition able, limited;
        int replicas = spec.Behavior is { } behavior
            ? HpaScaling.Normalize(
                History, behavior, current, desired, min, spec.MaxReplicas, (int)settings.DownscaleStabilization.TotalSeconds, nowMs,
                out stabilized, out able, out limited)
            : HpaScaling.Normalize(
                History, current, desired, min, spec.MaxReplicas, (long)settings.DownscaleStabilization.TotalMilliseconds, nowMs,
                out stabilized, out able, out limited);
        step.Stabilized = stabilized;
        Able = able;
        Limited = limited;
        return replicas;
    }

    // The largest number that a metric asks for; false where the metrics that failed forbid a decision.
    private bool Measure(ref HpaStep step, long nowMs, int current, int status, IHpaMetricSource source)
    {
        HpaTolerances tolerances = settings.For(spec.Behavior);
        int replicas = 0, failed = 0, firstFailed = -1;
        string? firstError = null;
        HpaProposal failure = default;
        for (int i = 0; i < spec.Metrics.Count; i++)
        {
            HpaMetricSpec metric = spec.Metrics[i];
            HpaReading reading = source.Read(i, metric);
            HpaProposal proposal = HpaReplicaCalculator.Propose(metric, reading, current, status, tolerances, settings, spec.Namespace, nowMs);
            if (proposal.Error is { } error)
            {
                statuses[i] = default;
                string told = Told(metric, error, out string inEvent);
                (step.Events ??= []).Add($"{metric.FailureReason}: {inEvent}");
                if (failed++ == 0)
                {
                    firstError = told;
                    firstFailed = i;
                    failure = proposal;
                }

                continue;
            }

            statuses[i] = metric.TargetType switch
            {
                HpaTargetType.Utilization => new(proposal.Utilization, proposal.Usage, null),
                HpaTargetType.AverageValue => new(null, proposal.Usage, null),
                _ => new(null, null, proposal.Usage),
            };
            if (replicas == 0 || proposal.Replicas > replicas)
            {
                replicas = proposal.Replicas;
                step.Metric = i;
                step.Proposal = proposal;
            }
        }

        if (firstError is not null)
        {
            step.Error = string.Create(
                CultureInfo.InvariantCulture, $"invalid metrics ({failed} invalid out of {spec.Metrics.Count}), first error is: {firstError}");
        }

        if (failed >= spec.Metrics.Count || (failed > 0 && replicas < current))
        {
            HpaMetricSpec metric = spec.Metrics[firstFailed];
            Told(metric, failure.Error!, out string why);
            Active = new(false, metric.FailureReason, "the HPA was unable to compute the replica count: " + why);
            step.Metric = firstFailed;
            step.Proposal = failure;
            return false;
        }

        Active = new(true, "ValidMetricFound", spec.Metrics[step.Metric].Found);
        step.Raw = replicas;
        return true;
    }

    // An error as the controller wraps it, and as it is in the event.
    private static string Told(HpaMetricSpec metric, string error, out string inEvent)
    {
        switch (metric.Type)
        {
            case HpaMetricType.Object:
                // The event is made before the name is added.
                inEvent = error;
                return "failed to get object metric value: "
                    + (metric.TargetType == HpaTargetType.AverageValue ? $"failed to get {metric.Name} object metric: {error}" : error);
            case HpaMetricType.Pods:
                inEvent = error;
                return $"failed to get pods metric value: {error}";
            case HpaMetricType.External:
                inEvent = error;
                return metric.TargetType == HpaTargetType.AverageValue
                    ? $"failed to get {metric.Name} external metric value: failed to get {metric.Name} external metric: {error}"
                    : $"failed to get {metric.Name} external metric value: failed to get external metric {metric.Name}: {error}";
            default:
                inEvent = metric.TargetType == HpaTargetType.Utilization
                    ? $"failed to get {metric.Name} utilization: {error}"
                    : $"failed to get {metric.Name} usage: {error}";
                return metric.Type == HpaMetricType.Resource
                    ? $"failed to get {metric.Name} resource metric value: {inEvent}"
                    : $"failed to get {metric.Container} container metric value: {inEvent}";
        }
    }
}
