namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>
/// How many replicas one metric asks for, exactly as Kubernetes 1.36 works it out (on amd64, where numbers that do not fit matter). Source of
/// every formula and of its order: kubernetes/kubernetes <c>pkg/controller/podautoscaler/replica_calculator.go</c>,
/// <c>metrics/utilization.go</c>.
/// </summary>
internal static class HpaReplicaCalculator
{
    private const string NoPods = "no pods returned by selector while calculating replica count";
    private const string NoMetrics = "did not receive metrics for targeted pods (pods might be unready)";

    /// <summary>Works out one metric.</summary>
    /// <param name="metric">The metric and its target.</param>
    /// <param name="reading">What was measured.</param>
    /// <param name="specReplicas">Replicas that are asked for.</param>
    /// <param name="statusReplicas">Replicas that there are.</param>
    /// <param name="tolerances">How far from 1 the ratio may be.</param>
    /// <param name="settings">Settings of the controller.</param>
    /// <param name="ns">Namespace, for messages.</param>
    /// <param name="nowMs">The controller's time.</param>
    /// <returns>The proposal, or its error.</returns>
    public static HpaProposal Propose(
        HpaMetricSpec metric, in HpaReading reading, int specReplicas, int statusReplicas, HpaTolerances tolerances, HpaSettings settings, string ns, long nowMs)
    {
        if (reading.Error is { } error)
        {
            return new() { Error = Unreadable(metric, ns, error) };
        }

        return (metric.Type, metric.TargetType) switch
        {
            (HpaMetricType.Object, HpaTargetType.Value) => OfValue(reading.Values[0], metric.Target, reading.Pods, specReplicas, tolerances),
            (HpaMetricType.Object, _) => PerReplica(reading.Values[0], metric.Target, statusReplicas, tolerances, caps: false),
            (HpaMetricType.External, HpaTargetType.Value) => OfValue(SumUpTo(reading.Values), metric.Target, reading.Pods, specReplicas, tolerances),
            (HpaMetricType.External, _) => PerReplica(SumWrapping(reading.Values), metric.Target, statusReplicas, tolerances, caps: true),
            (_, HpaTargetType.Utilization) => OfUtilization(metric, reading, specReplicas, tolerances, settings, nowMs),
            _ => OfAverage(metric, reading, specReplicas, tolerances, settings, nowMs),
        };
    }

    private static string Unreadable(HpaMetricSpec metric, string ns, string error) => metric.Type switch
    {
        HpaMetricType.Resource or HpaMetricType.ContainerResource => $"unable to get metrics for resource {metric.Name}: {error}",
        HpaMetricType.Pods => $"unable to get metric {metric.Name}: {error}",
        // The controller fills its own sentence in the wrong order.
        HpaMetricType.Object => $"unable to get metric {metric.Name}: {metric.ObjectKind} on {ns} {metric.ObjectName}/{error}",
        _ => $"unable to get external metric {ns}/{metric.Name}/{metric.Selector}: {error}",
    };

    // Percent of what the pods request.
    private static HpaProposal OfUtilization(
        HpaMetricSpec metric, in HpaReading reading, int replicas, HpaTolerances tolerances, HpaSettings settings, long nowMs)
    {
        Groups groups = Group(metric, reading, settings, nowMs, needsRequests: true);
        HpaProposal proposal = groups.Start(reading);
        if (proposal.Error is not null)
        {
            return proposal;
        }

        if (groups.RequestError is { } missing)
        {
            return new() { Error = missing };
        }

        long total = groups.ReadySum, requested = groups.ReadyRequests;
        if (requested == 0)
        {
            return new() { Error = "no metrics returned matched known pods" };
        }

        int target = unchecked((int)metric.Target);
        proposal.Utilization = Percent(total, requested);
        proposal.Usage = total / groups.Ready;
        double ratio = (double)proposal.Utilization / target;
        int count = groups.Ready + reading.StrangerCount;
        if (Simple(ref proposal, ratio, replicas, tolerances, groups))
        {
            return proposal;
        }

        if (groups.Missing > 0 && ratio < 1.0)
        {
            total = unchecked(total + groups.MissingFallback);
            requested = unchecked(requested + groups.MissingRequests);
            count += groups.Missing;
        }
        else if (groups.Missing > 0 && ratio > 1.0)
        {
            requested = unchecked(requested + groups.MissingRequests);
            count += groups.Missing;
        }

        if (groups.Unready > 0 && ratio > 1.0)
        {
            requested = unchecked(requested + groups.UnreadyRequests);
            count += groups.Unready;
        }

        Again(ref proposal, ratio, (double)Percent(total, requested) / target, count, replicas, tolerances);
        return proposal;
    }

    // The average over the pods.
    private static HpaProposal OfAverage(
        HpaMetricSpec metric, in HpaReading reading, int replicas, HpaTolerances tolerances, HpaSettings settings, long nowMs)
    {
        Groups groups = Group(metric, reading, settings, nowMs, needsRequests: false);
        HpaProposal proposal = groups.Start(reading);
        if (proposal.Error is not null)
        {
            return proposal;
        }

        long total = unchecked(groups.ReadySum + reading.StrangerSum);
        int count = groups.Ready + reading.StrangerCount;
        proposal.Usage = total / count;
        double ratio = proposal.Usage / (double)metric.Target;
        if (Simple(ref proposal, ratio, replicas, tolerances, groups))
        {
            return proposal;
        }

        if (groups.Missing > 0 && ratio != 1.0)
        {
            total = unchecked(total + (ratio < 1.0 ? metric.Target * groups.Missing : 0));
            count += groups.Missing;
        }

        if (groups.Unready > 0 && ratio > 1.0)
        {
            count += groups.Unready;
        }

        Again(ref proposal, ratio, total / count / (double)metric.Target, count, replicas, tolerances);
        return proposal;
    }

    // A value as it is: times the pods that are ready, or from nothing.
    private static HpaProposal OfValue(long usage, long target, ReadOnlySpan<HpaPodSample> pods, int replicas, HpaTolerances tolerances)
    {
        double ratio = usage / (double)target;
        HpaProposal proposal = new() { Usage = usage, Ratio = ratio, DecidingRatio = ratio };
        if (replicas == 0)
        {
            Set(ref proposal, Math.Ceiling(ratio), caps: false);
            return proposal;
        }

        if (tolerances.Hold(ratio))
        {
            proposal.Replicas = replicas;
            proposal.WithinTolerance = true;
            return proposal;
        }

        if (pods.Length == 0)
        {
            return new() { Error = $"unable to calculate ready pods: {NoPods}" };
        }

        foreach (ref readonly HpaPodSample sample in pods)
        {
            proposal.Ready += sample.Pod.Phase == HpaPodPhase.Running && sample.Pod.Ready == "True" ? 1 : 0;
        }

        proposal.Counted = proposal.Ready;
        Set(ref proposal, Math.Ceiling(ratio * proposal.Ready), caps: true);
        return proposal;
    }

    // A value divided by the replicas there are. Within the tolerance the answer is those, not the ones asked for (kubernetes issue 138505).
    private static HpaProposal PerReplica(long usage, long target, int statusReplicas, HpaTolerances tolerances, bool caps)
    {
        double ratio = usage / ((double)target * statusReplicas);
        HpaProposal proposal = new() { Ratio = ratio, DecidingRatio = ratio, Replicas = statusReplicas, WithinTolerance = tolerances.Hold(ratio) };
        if (!proposal.WithinTolerance)
        {
            Set(ref proposal, Math.Ceiling(usage / (double)target), caps);
        }

        proposal.Usage = caps && (double)usage >= long.MaxValue ? long.MaxValue : Int64(Math.Ceiling(usage / (double)statusReplicas));
        return proposal;
    }

    private static bool Simple(ref HpaProposal proposal, double ratio, int replicas, HpaTolerances tolerances, in Groups groups)
    {
        proposal.Ratio = proposal.DecidingRatio = ratio;
        if ((groups.Unready > 0 && ratio > 1.0) || groups.Missing > 0)
        {
            return false;
        }

        if (tolerances.Hold(ratio))
        {
            proposal.Replicas = replicas;
            proposal.WithinTolerance = true;
            return true;
        }

        proposal.Counted = groups.Ready;
        Set(ref proposal, Math.Ceiling(ratio * groups.Ready), caps: false);
        return true;
    }

    private static void Again(ref HpaProposal proposal, double ratio, double again, int count, int replicas, HpaTolerances tolerances)
    {
        proposal.DecidingRatio = again;
        proposal.Counted = count;
        proposal.WithinTolerance = tolerances.Hold(again);
        if (proposal.WithinTolerance || (ratio < 1.0 && again > 1.0) || (ratio > 1.0 && again < 1.0))
        {
            proposal.DirectionChanged = !proposal.WithinTolerance;
            proposal.Replicas = replicas;
            return;
        }

        Set(ref proposal, Math.Ceiling(again * count), caps: false);
        if ((again < 1.0 && proposal.Replicas > replicas) || (again > 1.0 && proposal.Replicas < replicas))
        {
            proposal.DirectionChanged = true;
            proposal.Replicas = replicas;
            proposal.Wrapped = false;
        }
    }

    private static void Set(ref HpaProposal proposal, double replicas, bool caps)
    {
        bool fits = replicas is >= int.MinValue and <= int.MaxValue;
        proposal.Wrapped = !fits && !caps;
        proposal.Replicas = fits ? (int)replicas : caps && replicas > 0 ? int.MaxValue : int.MinValue;
    }

    // The processor's conversion, which the controller's is on amd64: what does not fit is the lowest number.
    private static long Int64(double number) => number is >= long.MinValue and < long.MaxValue ? (long)number : long.MinValue;

    private static int Percent(long total, long requested) => unchecked((int)(total * 100 / requested));

    private static long SumUpTo(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            if (value > 0 && sum > long.MaxValue - value)
            {
                return long.MaxValue;
            }

            sum = unchecked(sum + value);
        }

        return sum;
    }

    private static long SumWrapping(ReadOnlySpan<long> values)
    {
        long sum = 0;
        foreach (long value in values)
        {
            sum = unchecked(sum + value);
            if (sum < 0)
            {
                return long.MaxValue;
            }
        }

        return sum;
    }

    private static Groups Group(HpaMetricSpec metric, in HpaReading reading, HpaSettings settings, long nowMs, bool needsRequests)
    {
        Groups groups = default;
        bool cpu = metric.IsCpu;
        long initialization = (long)settings.CpuInitializationPeriod.TotalMilliseconds, delay = (long)settings.InitialReadinessDelay.TotalMilliseconds;
        long fallback = Math.Max(100, unchecked((int)metric.Target));
        foreach (ref readonly HpaPodSample sample in reading.Pods)
        {
            HpaPod pod = sample.Pod;
            long request = 0;
            if (needsRequests && !pod.Template.TryRequest(metric.Name, metric.Container, out request))
            {
                groups.RequestError ??= pod.Template.Missing(metric.Name, metric.Container, pod.Name);
            }

            if (pod.Deleted || pod.Phase == HpaPodPhase.Failed)
            {
                groups.Ignored++;
                continue;
            }

            if (pod.Phase == HpaPodPhase.Succeeded)
            {
                groups.Succeeded++;
            }

            if (pod.Phase == HpaPodPhase.Pending)
            {
                groups.AddUnready(request);
            }
            else if (sample.Metric is not { } measured)
            {
                groups.Missing++;
                groups.MissingRequests = unchecked(groups.MissingRequests + request);
                groups.MissingFallback = unchecked(groups.MissingFallback + (request * fallback / 100));
            }
            else if (cpu && IsUnready(pod, measured, nowMs, initialization, delay))
            {
                groups.AddUnready(request);
            }
            else
            {
                groups.Ready++;
                groups.ReadySum = unchecked(groups.ReadySum + measured.Value);
                groups.ReadyRequests = unchecked(groups.ReadyRequests + request);
            }
        }

        return groups;
    }

    private static bool IsUnready(HpaPod pod, in HpaPodMetric measured, long nowMs, long initialization, long delay) =>
        pod.Ready is null || pod.StartMs is not { } start
        || (start + initialization > nowMs
            // It may still be starting: what it used before it was ready, or partly before, does not count.
            ? pod.Ready == "False" || measured.TimestampMs < pod.ReadyChangedMs + measured.WindowMs
            // It is not ready and never was.
            : pod.Ready == "False" && start + delay > pod.ReadyChangedMs);

    private struct Groups
    {
        public int Ready;
        public int Unready;
        public int Missing;
        public int Ignored;
        public int Succeeded;
        public long ReadySum;
        public long ReadyRequests;
        public long MissingRequests;
        public long MissingFallback;
        public long UnreadyRequests;
        public string? RequestError;

        public void AddUnready(long request)
        {
            Unready++;
            UnreadyRequests = unchecked(UnreadyRequests + request);
        }

        public readonly HpaProposal Start(in HpaReading reading) => reading.Pods.Length == 0
            ? new() { Error = NoPods }
            : Ready + reading.StrangerCount == 0
                ? new() { Error = NoMetrics }
                : new() { Ready = Ready, Unready = Unready, Missing = Missing, Ignored = Ignored, Succeeded = Succeeded };
    }
}
