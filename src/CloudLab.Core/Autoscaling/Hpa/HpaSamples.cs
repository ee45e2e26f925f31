using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>
/// Pods and metrics as people have them: objects of the Kubernetes API (Pod, PodMetrics, custom and external metric values), or short
/// ones with a name and a value.
/// </summary>
public sealed class HpaSamples : IHpaMetricSource
{
    private readonly List<HpaPod> pods = [];
    private readonly List<HpaServedMetric> served = [];
    private readonly Dictionary<string, Dictionary<string, HpaPodMetric>> perPod = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<long>> values = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> errors = new(StringComparer.OrdinalIgnoreCase);
    private readonly HpaManifest manifest;
    private readonly List<string> doubts = [];

    /// <summary>Reads pods and metrics.</summary>
    /// <param name="manifest">The autoscaler.</param>
    /// <param name="pods">Pods as JSON, in the order of the list.</param>
    /// <param name="metrics">Metrics as JSON.</param>
    /// <param name="at">The controller's time; null for the newest time among the metrics, or now.</param>
    public HpaSamples(HpaManifest manifest, IEnumerable<JsonNode?> pods, IEnumerable<JsonNode?> metrics, DateTimeOffset? at)
    {
        this.manifest = manifest;
        JsonObject[] items = [.. metrics.SelectMany(Flat)];
        long[] times = [.. items.Select(TimeOf).OfType<long>()];
        NowMs = at?.ToUnixTimeMilliseconds() ?? (times.Length > 0 ? times.Max() : DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        foreach (JsonObject pod in pods.SelectMany(Flat))
        {
            this.pods.Add(PodOf(pod));
        }

        foreach (JsonObject item in items)
        {
            Add(item);
        }
    }

    /// <summary>The controller's time, in Unix milliseconds.</summary>
    public long NowMs { get; }

    /// <summary>What looks like a wrong unit, or is missing, one line each; complete after <see cref="Decide"/>.</summary>
    public IReadOnlyList<string> Doubts => doubts;

    /// <summary>One step of the controller on these samples.</summary>
    /// <param name="settings">Settings of the controller.</param>
    /// <param name="specReplicas">Replicas asked for; null for as many as there are pods.</param>
    /// <param name="statusReplicas">Replicas that there are; null for as many as asked for.</param>
    /// <returns>The decision once the windows have passed.</returns>
    public HpaDecision Decide(HpaSettings settings, int? specReplicas, int? statusReplicas)
    {
        int running = pods.Count(pod => !pod.Deleted && pod.Phase is not (HpaPodPhase.Failed or HpaPodPhase.Succeeded));
        int current = specReplicas ?? manifest.Replicas ?? (pods.Count > 0 ? running : manifest.Spec.MinReplicas);
        int status = statusReplicas ?? current;
        HpaController controller = new(manifest.Spec, settings);
        // As if the metrics had been like this for longer than any window.
        controller.History.Recommendations.Add(new(current, long.MinValue / 2));
        if (settings.ScaleToZero && current == 0)
        {
            controller.SetScaledToZero();
        }

        HpaStep step = controller.Step(NowMs, current, status, this);
        if (step.Error is not null && pods.Count == 0 && perPod.Count + served.Count > 0 && manifest.Spec.Metrics.FirstOrDefault(metric => metric.IsPerPod) is { } measured)
        {
            doubts.Insert(0, $"{measured.Name} was measured, but no pods are known: give the pods with -Pod, as in -Pod @{{ name = 'web-1'{(measured.TargetType == HpaTargetType.Utilization ? $"; requests = @{{ {measured.Name} = '{(measured.Name == "memory" ? "512Mi" : "500m")}' }}" : "")} }}.");
        }

        if (manifest.Spec.Metrics is { Count: > 1 } metrics && (perPod.ContainsKey("") || values.ContainsKey("")))
        {
            doubts.Insert(0, $"Samples that do not name their metric are left out, because the autoscaler has {metrics.Count} metrics: write metric = '{metrics[0].Name}' into them.");
        }

        return Decision(step, controller, settings, status, settled: true);
    }

    /// <summary>What a step decided, as an object for people.</summary>
    /// <param name="step">The step.</param>
    /// <param name="controller">The controller after it.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="statusReplicas">Replicas that there are.</param>
    /// <param name="settled">True where the windows are taken as passed.</param>
    /// <returns>The decision.</returns>
    internal static HpaDecision Decision(HpaStep step, HpaController controller, HpaSettings settings, int statusReplicas, bool settled)
    {
        HpaSpec spec = controller.Spec;
        HpaLimit limit = LimitOf(step, controller);
        HpaMetricSpec? metric = step.Metric >= 0 ? spec.Metrics[step.Metric] : null;
        bool percent = metric?.TargetType == HpaTargetType.Utilization;
        int raw = step.Raw ?? step.Current;
        HpaTolerances tolerances = settings.For(spec.Behavior);
        return new HpaDecision(() => HpaWords.Of(step, spec, settings, limit, settled))
        {
            CurrentReplicas = step.Current,
            DesiredReplicas = step.Desired,
            CalculatedReplicas = raw,
            BoundedReplicas = Math.Min(Math.Max(raw, spec.MinReplicas), spec.MaxReplicas),
            Metric = metric?.Key,
            CurrentValue = step.Raw is null ? double.NaN : percent ? step.Proposal.Utilization : step.Proposal.Usage / 1000.0,
            TargetValue = metric is null ? double.NaN : percent ? metric.Target : metric.Target / 1000.0,
            Ratio = step.Raw is null ? double.NaN : step.Proposal.Ratio,
            Tolerance = step.Proposal.Ratio < 1 ? tolerances.Down : tolerances.Up,
            WithinTolerance = step.Proposal.WithinTolerance,
            MinReplicas = spec.MinReplicas,
            MaxReplicas = spec.MaxReplicas,
            LimitedBy = limit,
            KnownFault = HpaWords.Fault(step, statusReplicas),
        };
    }

    /// <summary>What limited a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="controller">The controller after it.</param>
    /// <returns>The last limit that changed the number.</returns>
    internal static HpaLimit LimitOf(in HpaStep step, HpaController controller)
    {
        if (step.Disabled)
        {
            return HpaLimit.Disabled;
        }

        if (step.Raw is not { } raw)
        {
            return step.Error is not null ? HpaLimit.FailedMetric : step.Desired < step.Current ? HpaLimit.MaxReplicas : HpaLimit.MinReplicas;
        }

        if (controller.Limited.Status == true)
        {
            return controller.Limited.Reason switch
            {
                HpaScaling.TooFew => HpaLimit.MinReplicas,
                HpaScaling.TooMany => HpaLimit.MaxReplicas,
                HpaScaling.UpLimit => HpaLimit.ScaleUpRate,
                _ => HpaLimit.ScaleDownRate,
            };
        }

        return step.Stabilized != raw ? HpaLimit.Stabilization : step.Desired != step.Stabilized ? HpaLimit.MinReplicas : HpaLimit.None;
    }

    /// <inheritdoc/>
    HpaReading IHpaMetricSource.Read(int index, HpaMetricSpec metric)
    {
        string? error = errors.GetValueOrDefault(metric.Key) ?? errors.GetValueOrDefault(metric.Name);
        if (!metric.IsPerPod)
        {
            long[]? found = (values.GetValueOrDefault(metric.Name) ?? Only(values))?.ToArray();
            error ??= found is null ? $"no metrics returned from {(metric.Type == HpaMetricType.External ? "external" : "custom")} metrics API" : null;
            return new HpaPodMetrics(pods, new Dictionary<string, HpaPodMetric>()).Read(found, error);
        }

        bool resource = metric.Type != HpaMetricType.Pods;
        Dictionary<string, HpaPodMetric>? own = perPod.GetValueOrDefault(metric.Key) ?? perPod.GetValueOrDefault(metric.Name) ?? Only(perPod);
        if (resource && served.Count > 0)
        {
            own = HpaPodMetrics.Of(served, metric.Name, metric.Container);
        }

        return new HpaPodMetrics(pods, own ?? []).Read([], error ?? (own is null ? $"no metrics returned from {(resource ? "resource" : "custom")} metrics API" : null));
    }

    // Samples without a name belong to the one metric of their kind.
    private T? Only<T>(Dictionary<string, T> all)
        where T : class => manifest.Spec.Metrics.Count == 1 && all.Count == 1 ? all.Values.First() : null;

    private static IEnumerable<JsonObject> Flat(JsonNode? node) => node switch
    {
        JsonArray list => list.SelectMany(Flat),
        JsonObject many when many["items"] is JsonArray items => items.SelectMany(Flat),
        JsonObject one => [one],
        null => [],
        _ => throw Invalid("SampleInvalid", $"'{node}' is not a pod or a metric: give objects with a name, as in @{{ pod = 'web-1'; value = '120m' }}."),
    };

    private HpaPod PodOf(JsonObject pod)
    {
        JsonObject? meta = pod["metadata"] as JsonObject, status = pod["status"] as JsonObject;
        string name = Text(meta, "name") ?? Text(pod, "name") ?? throw Invalid("PodInvalid", "A pod has no name: give Pod objects, or objects with the property name.");
        JsonObject spec = pod["spec"] as JsonObject ?? pod;
        string? phase = Text(status, "phase") ?? Text(pod, "phase");
        JsonObject? ready = ManifestObjects.List(status, "conditions").FirstOrDefault(c => Text(c, "type") == "Ready") ?? pod["ready"] as JsonObject;
        string? short1 = pod["ready"] is JsonValue flag ? flag.ToString() : null;
        long? start = Time(status?["startTime"] ?? pod["startTime"]) ?? Whole(pod["startMs"]);
        // With no more than a name it is one that has been running and ready for long.
        bool bare = status is null && phase is null && ready is null && short1 is null && start is null;
        long longAgo = NowMs - (24 * 3600 * 1000L);
        if (!Enum.TryParse(phase ?? "Running", out HpaPodPhase known))
        {
            throw Invalid("PodInvalid", $"Pod {name} has phase '{phase}': write Pending, Running, Succeeded, Failed or Unknown.");
        }

        HpaPodTemplate template = HpaManifest.TemplateOf(spec);
        if (pod["requests"] is JsonObject requests)
        {
            template = new() { Containers = [new("", requests.ToDictionary(r => r.Key, r => HpaManifest.Milli(r.Value!, $"requests.{r.Key}"), StringComparer.Ordinal))] };
        }
        else if (pod["podRequestsMilli"] is JsonObject whole)
        {
            template = new()
            {
                Containers = template.Containers,
                InitContainers = template.InitContainers,
                PodRequests = whole.ToDictionary(r => r.Key, r => r.Value!.GetValue<long>(), StringComparer.Ordinal),
            };
        }

        return new HpaPod
        {
            Name = name,
            Template = template.Containers.Count == 0 && manifest.Template is { } shared ? shared : template,
            Phase = known,
            Ready = bare ? "True" : ready is not null ? Text(ready, "status") : short1 is null ? null : bool.TryParse(short1, out bool isReady) ? isReady.ToString() : short1,
            ReadyChangedMs = Time(ready?["lastTransitionTime"]) ?? Whole(ready?["lastTransitionMs"]) ?? start ?? longAgo,
            StartMs = start ?? (bare || short1 is not null ? longAgo : null),
            Deleted = meta?["deletionTimestamp"] is not null || Text(pod, "deleted") == "true",
        };
    }

    private void Add(JsonObject item)
    {
        JsonObject? described = item["describedObject"] as JsonObject, identity = item["metric"] as JsonObject;
        string? pod = Text(item, "pod") ?? (described is not null && Text(described, "kind") == "Pod" ? Text(described, "name") : null);
        string key = Text(identity, "name") ?? Text(item, "metric") ?? Text(item, "metricName") ?? (pod is not null || item["containers"] is null ? Text(item, "name") : null) ?? "";
        if (pod is not null && Text(item, "container") is { } part)
        {
            string own = $"{(key.Length > 0 ? key : manifest.Spec.Metrics[0].Name)}@{part}";
            key = manifest.Spec.Metrics.FirstOrDefault(metric => metric.Key == own)?.Key ?? throw Invalid(
                "SampleInvalid", $"{pod}: a sample of the container {part} alone is not what the autoscaler reads: give what the whole pod uses, or PodMetrics objects.");
        }

        long time = TimeOf(item) ?? NowMs;
        long window = (Whole(item["windowSec"]) ?? Whole(item["windowSeconds"]) ?? Seconds(Text(item, "window")) ?? (item["containers"] is null && identity is not null ? 60 : 15)) * 1000;
        if (Text(item, "error") is { } error)
        {
            errors[key.Length > 0 ? key : manifest.Spec.Metrics[0].Key] = error;
            return;
        }

        if (item["containers"] is JsonArray containers)
        {
            string owner = pod ?? Text(item["metadata"] as JsonObject, "name") ?? Text(item, "name") ?? throw Invalid("SampleInvalid", "A metric of containers names no pod: give PodMetrics objects.");
            served.Add(new(owner, time, window, [.. containers.OfType<JsonObject>().Select(container => new HpaServedContainer(
                Text(container, "name") ?? "",
                (container["usage"] as JsonObject ?? []).ToDictionary(u => u.Key, u => Milli(u.Value, u.Key, owner), StringComparer.Ordinal)))]));
            return;
        }

        // The shape of the vector files has milliseconds and thousandths.
        bool exact = item["tsMs"] is not null;
        JsonNode?[] given = item["values"] is JsonArray many ? [.. many] : [item["value"]];
        foreach (JsonNode? value in given)
        {
            long milli = exact && Whole(value) is { } whole ? whole : Milli(value, key, pod ?? key);
            if (pod is null)
            {
                (values.TryGetValue(key, out List<long>? list) ? list : values[key] = []).Add(milli);
            }
            else
            {
                (perPod.TryGetValue(key, out Dictionary<string, HpaPodMetric>? map) ? map : perPod[key] = new(StringComparer.Ordinal))[pod] = new(milli, time, window);
            }
        }
    }

    private long Milli(JsonNode? value, string key, string owner)
    {
        string text = value?.ToString().Trim() ?? "";
        string name = key.Length > 0 ? key : manifest.Spec.Metrics[0].Name;
        if (!Quantity.TryParse(text, out Quantity amount))
        {
            throw Invalid("SampleInvalid", text.EndsWith('%')
                ? $"{owner}: '{text}' is a percentage: give what the pod uses, as in 120m or 200Mi; the percentage of its request is worked out."
                : $"{owner}: '{text}' is not a quantity: write 120m, 0.5, 30 or 200Mi.");
        }

        if (name == "cpu" && amount.MilliValue >= 1_000_000)
        {
            doubts.Add($"{owner}: a cpu of {text} is {text} cores: write {text}m for millicores.");
        }
        else if (name == "memory" && amount.Sign > 0 && amount.Value < 1024 * 1024)
        {
            doubts.Add($"{owner}: a memory of {text} is {amount.Value} bytes: write {text}Mi for mebibytes.");
        }

        return amount.MilliValue;
    }

    private static long? TimeOf(JsonObject item) => Whole(item["tsMs"]) ?? Time(item["timestamp"]);

    private static long? Time(JsonNode? node) => node is null ? null
        : DateTimeOffset.TryParse(node.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUnixTimeMilliseconds()
            : throw Invalid("SampleInvalid", $"'{node}' is not a time: write 2026-11-29T10:00:00Z.");

    private static long? Whole(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole : null;

    // Windows such as 15s, 20.5s, 1m0s.
    private static long? Seconds(string? window)
    {
        if (window is null)
        {
            return null;
        }

        double seconds = 0, number = 0;
        int from = 0;
        for (int i = 0; i < window.Length; i++)
        {
            if (char.IsAsciiLetter(window[i]) && double.TryParse(window.AsSpan(from, i - from), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number))
            {
                seconds += number * (window[i] switch { 'h' => 3600, 'm' when i + 1 == window.Length || window[i + 1] != 's' => 60, 's' => 1, _ => 0 });
                from = i + 1;
            }
        }

        return (long)seconds;
    }

    private static string? Text(JsonObject? json, string name) => ManifestObjects.Text(json, name);

    private static LabException Invalid(string code, string message) => ManifestObjects.Invalid(code, message);
}
