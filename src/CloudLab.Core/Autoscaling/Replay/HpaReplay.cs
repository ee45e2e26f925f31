using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Autoscaling.Replay;

/// <summary>
/// Replays a load: the controller of Kubernetes 1.36 steps through time over pods that start, share the load while they are ready, and are
/// measured with a lag. The controller is exact; the pods are a model. A load is the total over all pods and does not depend on how many there are.
/// </summary>
public sealed class HpaReplay : IHpaMetricSource
{
    // From asking for a pod until its containers run, of the time until it is ready.
    private const long RunningMs = 3000;
    private const long LongAgoMs = 24 * 3600 * 1000L;

    private readonly HpaManifest manifest;
    private readonly HpaLoad load;
    private readonly HpaController controller;
    private readonly HpaSettings settings;
    private readonly HpaPodTemplate template;
    private readonly List<long>[] columns;
    private readonly long[] requests;
    private readonly long[] limits;
    private readonly List<SimulatedPod> pods = [];
    private readonly List<(long ReadyMs, long EndMs)> gone = [];
    private readonly long lag, window, startup, period;
    private readonly long[] value = new long[1];
    private HpaPodSample[] samples = [];
    private int nowPlace, pastPlace, number, readyInPast;
    private int direction;
    private long nowMs, pastMs;

    /// <summary>Prepares a replay.</summary>
    /// <param name="manifest">The autoscaler.</param>
    /// <param name="load">The load; its times rise.</param>
    /// <param name="options">How to replay.</param>
    public HpaReplay(HpaManifest manifest, HpaLoad load, HpaReplayOptions options)
    {
        this.manifest = manifest;
        this.load = load;
        settings = options.Settings;
        controller = new(manifest.Spec, settings);
        template = options.Requests is { } given ? TemplateOf(given, manifest.Spec.Metrics) : manifest.Template ?? new();
        lag = (long)options.MetricLag.TotalMilliseconds;
        window = (long)options.MetricWindow.TotalMilliseconds;
        startup = (long)options.PodStartup.TotalMilliseconds;
        period = Math.Max(1000, (long)options.SyncPeriod.TotalMilliseconds);
        IReadOnlyList<HpaMetricSpec> metrics = manifest.Spec.Metrics;
        columns = new List<long>[metrics.Count];
        requests = new long[metrics.Count];
        limits = new long[metrics.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            HpaMetricSpec metric = metrics[i];
            columns[i] = load.For(metric, metrics.Count == 1) ?? throw HpaLoad.Invalid(
                "LoadLacksMetric", $"The load has no column {metric.Key} ({manifest.Source} scales on it), but {string.Join(", ", load.Keys)}: rename the column.");
            if (metric.TargetType == HpaTargetType.Utilization && (!template.TryRequest(metric.Name, options.Requests is null ? metric.Container : null, out requests[i]) || requests[i] <= 0))
            {
                throw HpaLoad.Invalid(
                    "RequestUnknown", $"{manifest.Source} scales on a percentage of the {metric.Name} request, which is not known: put the workload into the same file, or give -Request @{{ {metric.Name} = '500m' }}.");
            }

            limits[i] = metric.Type == HpaMetricType.Resource && manifest.Limits?.TryGetValue(metric.Name, out long limit) == true ? limit : long.MaxValue;
        }

        nowMs = load.Times[0];
        Replicas = options.Replicas ?? manifest.Replicas ?? Math.Max(1, manifest.Spec.MinReplicas);
        for (int i = 0; i < Replicas; i++)
        {
            Add(nowMs - LongAgoMs);
        }

        Lowest = Highest = Replicas;
    }

    // Requests without a workload: those of a pod, and of each container that the autoscaler names.
    private static HpaPodTemplate TemplateOf(IReadOnlyDictionary<string, long> requests, IEnumerable<HpaMetricSpec> metrics)
    {
        string[] names = [.. metrics.Select(metric => metric.Container).OfType<string>().Distinct(StringComparer.Ordinal)];
        return names.Length == 0 ? new() { Containers = [new("", requests)] }
            : new() { Containers = [.. names.Select(name => new HpaContainer(name, requests))], PodRequests = requests };
    }

    /// <summary>Name of the workload: of the load, else of the autoscaler.</summary>
    public string Workload => load.Workload.Length > 0 ? load.Workload : manifest.Spec.Name;

    /// <summary>Replicas that are asked for.</summary>
    public int Replicas { get; private set; }

    private int Steps { get; set; }

    private long ReplicaMs { get; set; }

    private long OverMs { get; set; }

    private int Flaps { get; set; }

    private int Ups { get; set; }

    private int Downs { get; set; }

    private int Lowest { get; set; }

    private int Highest { get; set; }

    /// <summary>Replays the whole load.</summary>
    /// <param name="cancellation">Stops.</param>
    /// <returns>Its steps, one by one.</returns>
    public IEnumerable<HpaReplayStep> Run(CancellationToken cancellation)
    {
        while (Next(out Moment moment))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Show(moment);
        }
    }

    /// <summary>Replays the whole load for its sums alone.</summary>
    /// <param name="cancellation">Stops.</param>
    /// <returns>The sums.</returns>
    public HpaReplaySummary Sum(CancellationToken cancellation)
    {
        while (Next(out _))
        {
            cancellation.ThrowIfCancellationRequested();
        }

        return Summary();
    }

    /// <summary>The sums up to now.</summary>
    /// <returns>The sums.</returns>
    public HpaReplaySummary Summary() => new()
    {
        Workload = Workload,
        Manifest = manifest.Source,
        From = DateTimeOffset.FromUnixTimeMilliseconds(load.Times[0]),
        To = DateTimeOffset.FromUnixTimeMilliseconds(nowMs),
        Steps = Steps,
        ReplicaSeconds = ReplicaMs / 1000,
        SecondsOverTarget = OverMs / 1000,
        Flaps = Flaps,
        ScaleUps = Ups,
        ScaleDowns = Downs,
        LowestReplicas = Lowest,
        HighestReplicas = Highest,
    };

    /// <inheritdoc/>
    HpaReading IHpaMetricSource.Read(int index, HpaMetricSpec metric)
    {
        long total = columns[index][pastPlace];
        string? error = total != HpaLoad.None ? null : metric.Type switch
        {
            HpaMetricType.External => "no metrics returned from external metrics API",
            HpaMetricType.Resource or HpaMetricType.ContainerResource => "no metrics returned from resource metrics API",
            _ => "no metrics returned from custom metrics API",
        };
        value[0] = total;
        if (samples.Length < pods.Count)
        {
            samples = new HpaPodSample[Math.Max(16, pods.Count * 2)];
        }

        long share = readyInPast == 0 ? 0 : Math.Min(total / readyInPast, limits[index]);
        for (int i = 0; i < pods.Count; i++)
        {
            SimulatedPod pod = pods[i];
            samples[i] = new(pod.Pod, pod.RunningMs <= pastMs ? new HpaPodMetric(pod.ReadyMs <= pastMs ? share : 0, pastMs, window) : null);
        }

        return new() { Pods = samples.AsSpan(0, pods.Count), Values = value, Error = error };
    }

    private bool Next(out Moment moment)
    {
        moment = default;
        ReadOnlySpan<long> times = load.Times;
        if (nowMs > times[^1])
        {
            nowMs = times[^1];
            return false;
        }

        Move(ref nowPlace, nowMs);
        pastMs = nowMs - lag;
        Move(ref pastPlace, pastMs);
        int ready = Live();
        HpaStep step = controller.Step(nowMs, Replicas, Replicas, this);
        double ratio = LoadRatio(ready);
        moment = new(nowMs, step, ready, ratio);
        Count(step, ratio);
        Scale(step.Desired);
        nowMs += period;
        return true;
    }

    private void Count(in HpaStep step, double ratio)
    {
        Steps++;
        long until = Math.Min(period, load.Times[^1] - nowMs);
        ReplicaMs += step.Desired * until;
        OverMs += ratio > 1 ? until : 0;
        Lowest = Math.Min(Lowest, step.Desired);
        Highest = Math.Max(Highest, step.Desired);
        int turn = Math.Sign(step.Desired - step.Current);
        if (turn != 0)
        {
            Ups += turn > 0 ? 1 : 0;
            Downs += turn < 0 ? 1 : 0;
            Flaps += direction != 0 && turn != direction ? 1 : 0;
            direction = turn;
        }
    }

    private void Move(ref int place, long timeMs)
    {
        ReadOnlySpan<long> times = load.Times;
        while (place + 1 < times.Length && times[place + 1] <= timeMs)
        {
            place++;
        }
    }

    // Lets pods become running and ready, and counts those that are now and that were when the metrics were measured.
    private int Live()
    {
        int ready = 0;
        readyInPast = 0;
        for (int i = 0; i < pods.Count; i++)
        {
            SimulatedPod pod = pods[i];
            if (pod.Pod.Phase == HpaPodPhase.Pending && pod.RunningMs <= nowMs)
            {
                pod.Pod.Phase = HpaPodPhase.Running;
                pod.Pod.StartMs = pod.RunningMs;
                pod.Pod.Ready = "False";
                pod.Pod.ReadyChangedMs = pod.RunningMs;
            }

            if (pod.ReadyMs <= nowMs)
            {
                if (pod.Pod.Ready != "True")
                {
                    pod.Pod.Ready = "True";
                    pod.Pod.ReadyChangedMs = pod.ReadyMs;
                }

                ready++;
            }

            readyInPast += pod.ReadyMs <= pastMs ? 1 : 0;
        }

        for (int i = gone.Count - 1; i >= 0; i--)
        {
            if (gone[i].EndMs <= pastMs)
            {
                gone.RemoveAt(i);
            }
            else if (gone[i].ReadyMs <= pastMs)
            {
                readyInPast++;
            }
        }

        return ready;
    }

    private double LoadRatio(int ready)
    {
        double highest = 0;
        for (int i = 0; i < columns.Length; i++)
        {
            long total = columns[i][nowPlace];
            if (total == HpaLoad.None)
            {
                continue;
            }

            HpaMetricSpec metric = manifest.Spec.Metrics[i];
            double target = metric.TargetType == HpaTargetType.Utilization ? requests[i] * metric.Target / 100.0 : metric.Target;
            double ratio = metric.TargetType == HpaTargetType.Value ? total / target
                : ready == 0 ? (total > 0 ? double.PositiveInfinity : 0)
                : total / (double)ready / target;
            highest = Math.Max(highest, ratio);
        }

        return highest;
    }

    private void Scale(int desired)
    {
        while (pods.Count < desired)
        {
            Add(nowMs);
        }

        // As the controller of the replicas: first those that are not ready yet, then the newest.
        while (pods.Count > desired)
        {
            SimulatedPod last = pods[^1];
            pods.RemoveAt(pods.Count - 1);
            gone.Add((last.ReadyMs, nowMs));
        }

        Replicas = desired;
    }

    private void Add(long createdMs)
    {
        long running = createdMs + Math.Min(RunningMs, startup);
        pods.Add(new(
            new HpaPod { Name = $"pod-{++number}", Template = template, Phase = HpaPodPhase.Pending }, running, createdMs + startup));
    }

    private HpaReplayStep Show(in Moment moment)
    {
        HpaDecision decision = HpaSamples.Decision(moment.Step, controller, settings, moment.Step.Current, settled: false);
        long total = moment.Step.Metric >= 0 ? columns[moment.Step.Metric][nowPlace] : columns[0][nowPlace];
        return new()
        {
            Time = DateTimeOffset.FromUnixTimeMilliseconds(moment.TimeMs),
            Workload = Workload,
            Manifest = manifest.Source,
            Load = total == HpaLoad.None ? null : total / 1000.0,
            CurrentReplicas = moment.Step.Current,
            ReadyReplicas = moment.Ready,
            DesiredReplicas = moment.Step.Desired,
            CalculatedReplicas = decision.CalculatedReplicas,
            BoundedReplicas = decision.BoundedReplicas,
            Metric = decision.Metric,
            Ratio = decision.Ratio,
            LoadRatio = moment.LoadRatio,
            LimitedBy = decision.LimitedBy,
            Decision = decision,
        };
    }

    private readonly record struct Moment(long TimeMs, HpaStep Step, int Ready, double LoadRatio);

    private sealed record SimulatedPod(HpaPod Pod, long RunningMs, long ReadyMs);
}
