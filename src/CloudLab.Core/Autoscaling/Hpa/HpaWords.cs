using System.Globalization;
using System.Text;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>Decisions in words.</summary>
internal static class HpaWords
{
    /// <summary>Why nothing happens at 0 replicas.</summary>
    public const string Disabled = "Autoscaling is disabled: the target has 0 replicas. Scale it to 1 or more to switch autoscaling on.";

    /// <summary>A number for a sentence.</summary>
    /// <param name="number">The number.</param>
    /// <returns>Four digits after the point; a number that would show as 0, or fill a line, keeps its exponent.</returns>
    public static string Number(double number) =>
        number.ToString(number is 0 or (>= 0.0001 and < 1e15) ? "0.####" : "G6", CultureInfo.InvariantCulture);

    /// <summary>A number of replicas.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The number with its noun.</returns>
    public static string Replicas(int count) => count == 1 ? "1 replica" : string.Create(CultureInfo.InvariantCulture, $"{count} replicas");

    /// <summary>That a number of replicas does not change.</summary>
    /// <param name="count">How many.</param>
    /// <returns>The number with noun and verb.</returns>
    public static string Stay(int count) => $"{Replicas(count)} {(count == 1 ? "stays" : "stay")}";

    /// <summary>What is said where the bounds decide, whatever the metrics say.</summary>
    /// <param name="current">Replicas that are asked for.</param>
    /// <param name="min">Lowest number.</param>
    /// <param name="max">Highest number; null without.</param>
    /// <returns>The sentence; null where they do not.</returns>
    public static string? OutOfBounds(int current, int min, int? max) =>
        current > max ? $"{Are(current)} above the maximum: scaled down to {max}, whatever the metric says."
        : current > 0 && current < min ? $"{Are(current)} below the minimum: scaled up to {min}, whatever the metric says."
        : null;

    /// <summary>A step of the controller in words.</summary>
    /// <param name="step">The step.</param>
    /// <param name="spec">The autoscaler.</param>
    /// <param name="settings">Settings of the controller.</param>
    /// <param name="limit">What limited it.</param>
    /// <param name="settled">True where the windows are taken as passed.</param>
    /// <returns>One or a few plain sentences on one line.</returns>
    public static string Of(in HpaStep step, HpaSpec spec, HpaSettings settings, HpaLimit limit, bool settled)
    {
        if (step.Disabled)
        {
            return Disabled;
        }

        if (step.Raw is not { } raw)
        {
            return step.Error is null
                ? OutOfBounds(step.Current, spec.MinReplicas, spec.MaxReplicas) ?? ""
                : $"No decision, {Stay(step.Current)}: {spec.Metrics[step.Metric].Key}: {step.Proposal.Error}.";
        }

        StringBuilder text = new();
        Metric(text, step, spec, settings, raw);
        if (step.Error is not null)
        {
            text.Append(" Another metric could not be read, so it would not scale down.");
        }

        int stabilized = step.Stabilized!.Value;
        if (stabilized != raw)
        {
            bool up = raw >= step.Current;
            int window = (up ? spec.Behavior?.ScaleUp?.StabilizationWindowSeconds : spec.Behavior?.ScaleDown?.StabilizationWindowSeconds)
                ?? (int)settings.DownscaleStabilization.TotalSeconds;
            text.Append(CultureInfo.InvariantCulture, $" Recommendations of the last {window} s were {(stabilized > raw ? "higher" : "lower")}: {Replicas(stabilized)}.");
        }

        switch (limit)
        {
            case HpaLimit.MinReplicas:
                text.Append(CultureInfo.InvariantCulture, $" The minimum is {spec.MinReplicas}.");
                break;
            case HpaLimit.MaxReplicas:
                text.Append(CultureInfo.InvariantCulture, $" The maximum is {spec.MaxReplicas}.");
                break;
            case HpaLimit.ScaleUpRate when spec.Behavior is null:
                text.Append(CultureInfo.InvariantCulture, $" One step goes up to twice the replicas, at least 4: {step.Desired}.");
                break;
            case HpaLimit.ScaleUpRate:
                text.Append(CultureInfo.InvariantCulture, $" The policies for scaling up allow {step.Desired} now.");
                break;
            case HpaLimit.ScaleDownRate:
                text.Append(CultureInfo.InvariantCulture, $" The policies for scaling down allow {step.Desired} now.");
                break;
        }

        if (settled && step.Desired < step.Current && Window(spec, settings) is > 0 and int wait)
        {
            text.Append(CultureInfo.InvariantCulture, $" The controller waits until all recommendations of {wait} s are this low.");
        }

        return text.ToString();
    }

    /// <summary>The known fault of Kubernetes 1.36 that shows in a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="statusReplicas">Replicas that there are.</param>
    /// <returns>What it is; null without.</returns>
    public static string? Fault(in HpaStep step, int statusReplicas)
    {
        if (step.Raw is not { } raw)
        {
            return null;
        }

        if (step.Proposal is { WithinTolerance: true, Ready: 0, Missing: 0, Unready: 0 } && raw == statusReplicas && raw != step.Current)
        {
            return $"Within the tolerance 1.36 answers with the replicas there are ({statusReplicas}), not those asked for ({step.Current}): kubernetes issue 138505.";
        }

        if (step.Proposal.Succeeded > 0)
        {
            return $"1.36 counts {step.Proposal.Succeeded} succeeded {(step.Proposal.Succeeded == 1 ? "pod" : "pods")} as if still running: kubernetes issue 141298.";
        }

        return step.Proposal.Wrapped ? "The number of replicas does not fit into 32 bits; 1.36 on amd64 takes the lowest number: kubernetes issue 126892." : null;
    }

    /// <summary>The controller's window for scaling down.</summary>
    private static int Window(HpaSpec spec, HpaSettings settings) =>
        spec.Behavior?.ScaleDown?.StabilizationWindowSeconds ?? (int)settings.DownscaleStabilization.TotalSeconds;

    private static void Metric(StringBuilder text, in HpaStep step, HpaSpec spec, HpaSettings settings, int raw)
    {
        HpaMetricSpec metric = spec.Metrics[step.Metric];
        HpaProposal proposal = step.Proposal;
        long value = metric.TargetType == HpaTargetType.Utilization ? proposal.Utilization : proposal.Usage;
        bool fromNothing = step.Current == 0 && !metric.IsPerPod;
        text.Append(metric.Key);
        if (!fromNothing || metric.TargetType == HpaTargetType.Value)
        {
            text.Append(CultureInfo.InvariantCulture, $" at {metric.Show(value)} is {Number(proposal.Ratio)} times the target of {metric.Show(metric.Target)}");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $" has a target of {metric.Show(metric.Target)} for each pod");
        }

        Assumptions(text, proposal, metric);
        HpaTolerances tolerances = settings.For(spec.Behavior);
        if (proposal.WithinTolerance)
        {
            double tolerance = proposal.DecidingRatio < 1 ? tolerances.Down : tolerances.Up;
            text.Append(CultureInfo.InvariantCulture, $", within the tolerance of {Number(tolerance)}: {Stay(raw)}.");
        }
        else if (proposal.DirectionChanged)
        {
            text.Append(CultureInfo.InvariantCulture, $", which gives {Number(proposal.DecidingRatio)} and would turn the direction: {Stay(raw)}.");
        }
        else if (proposal.Counted > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $": ceil({proposal.Counted} x {Number(proposal.DecidingRatio)}) = {Replicas(raw)}.");
        }
        else
        {
            text.Append(CultureInfo.InvariantCulture, $": {Replicas(raw)}.");
        }
    }

    private static void Assumptions(StringBuilder text, in HpaProposal proposal, HpaMetricSpec metric)
    {
        if (!metric.IsPerPod || proposal.DecidingRatio == proposal.Ratio)
        {
            return;
        }

        bool down = proposal.Ratio < 1;
        string missing = proposal.Missing == 0 ? "" : $"{Pods(proposal.Missing)} without a metric counted as {(down ? "at the target or more" : "idle")}";
        string unready = proposal.Unready == 0 || down ? "" : $"{Pods(proposal.Unready)} not ready counted as idle";
        text.Append(CultureInfo.InvariantCulture, $"; with {string.Join(" and ", new[] { missing, unready }.Where(part => part.Length > 0))} it is {Number(proposal.DecidingRatio)} times");
    }

    private static string Pods(int count) => count == 1 ? "1 pod" : string.Create(CultureInfo.InvariantCulture, $"{count} pods");

    private static string Are(int count) => $"{Replicas(count)} {(count == 1 ? "is" : "are")}";
}
