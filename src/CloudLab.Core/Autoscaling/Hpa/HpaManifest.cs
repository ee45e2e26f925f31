using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Manifests;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Common;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>A HorizontalPodAutoscaler as people write it, with the workload it scales where that is in the same file.</summary>
public sealed class HpaManifest
{
    private const string Kind = "HorizontalPodAutoscaler";

    /// <summary>The autoscaler, with what the API server fills in.</summary>
    public required HpaSpec Spec { get; init; }

    /// <summary>Where it came from: a file name, or the autoscaler's own name.</summary>
    public required string Source { get; init; }

    /// <summary>What the pods of the workload request; null where the manifest has no workload.</summary>
    public HpaPodTemplate? Template { get; init; }

    /// <summary>Limits of the workload's containers by resource, in thousandths; null where one has none.</summary>
    public IReadOnlyDictionary<string, long>? Limits { get; init; }

    /// <summary>Replicas of the workload; null where the manifest does not say.</summary>
    public int? Replicas { get; init; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="text">YAML or JSON, of one or several documents.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <returns>The autoscaler in it. Throws <see cref="LabException"/> where there is not exactly one, or where the API server would refuse it.</returns>
    public static HpaManifest Read(string text, string source) => Of(ManifestObjects.Read(text, source), source);

    /// <summary>Takes the autoscaler, and what it scales, out of several objects.</summary>
    /// <param name="objects">Objects.</param>
    /// <param name="source">Where they came from, for messages; empty for the autoscaler's name.</param>
    /// <returns>The autoscaler in it. Throws <see cref="LabException"/> as <see cref="Read"/>.</returns>
    public static HpaManifest Of(IReadOnlyList<JsonObject> objects, string source)
    {
        JsonObject[] found = [.. objects.Where(o => Text(o, "kind") == Kind)];
        if (found.Length != 1)
        {
            throw Invalid(found.Length == 0 ? "NotAnAutoscaler" : "SeveralAutoscalers", found.Length == 0
                ? $"{ManifestObjects.Named(source)} has no {Kind} but {ManifestObjects.Describe(objects)}: give the manifest of the autoscaler, with kind: {Kind}."
                : $"{ManifestObjects.Named(source)} has {found.Length} autoscalers ({ManifestObjects.Describe(objects)}): give one of them.");
        }

        JsonObject hpa = found[0];
        string version = Text(hpa, "apiVersion") ?? "";
        if (version is not ("autoscaling/v2" or "autoscaling/v1" or ""))
        {
            throw Invalid("VersionNotServed", $"{ManifestObjects.Named(source)} has apiVersion {version}, which Kubernetes 1.36 does not serve: write autoscaling/v2.");
        }

        HpaSpec spec;
        try
        {
            spec = SpecOf(hpa);
        }
        catch (LabException e) when (source.Length > 0)
        {
            throw Invalid(e.Code, $"{source}: {e.Message}");
        }

        JsonObject? workload = objects.FirstOrDefault(o => Text(o, "kind") == spec.TargetKind && Text(o["metadata"] as JsonObject, "name") == spec.TargetName);
        JsonObject? pod = ((workload?["spec"] as JsonObject)?["template"] as JsonObject)?["spec"] as JsonObject;
        return new()
        {
            Spec = spec,
            Source = source.Length > 0 ? source : spec.Name,
            Template = pod is null ? null : TemplateOf(pod),
            Limits = pod is null ? null : LimitsOf(pod),
            Replicas = workload?["spec"] is JsonObject of ? Whole(of, "replicas", "spec") ?? 1 : null,
        };
    }

    /// <summary>An autoscaler as the controller sees it.</summary>
    /// <param name="hpa">The object.</param>
    /// <returns>The autoscaler. Throws <see cref="LabException"/> where the API server would refuse it.</returns>
    internal static HpaSpec SpecOf(JsonObject hpa)
    {
        JsonObject spec = hpa["spec"] as JsonObject ?? throw Refused("spec", "is missing", "give spec.scaleTargetRef, spec.maxReplicas and spec.metrics");
        int max = Whole(spec, "maxReplicas", "spec") ?? throw Refused("spec.maxReplicas", "is missing", "give 1 or more");
        int min = Whole(spec, "minReplicas", "spec") ?? 1;
        Demand(max >= 1, "spec.maxReplicas", max, "give 1 or more");
        Demand(min >= 0, "spec.minReplicas", min, "give 0 or more");
        Demand(max >= min, "spec.maxReplicas", max, $"it is below minReplicas {min}");
        List<HpaMetricSpec> metrics = [];
        if (spec["metrics"] is JsonArray list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                metrics.Add(Metric(list[i] as JsonObject ?? throw Refused($"spec.metrics[{i}]", "is not an object", "give type and target"), $"spec.metrics[{i}]"));
            }
        }
        else if (Whole(spec, "targetCPUUtilizationPercentage", "spec") is { } percent)
        {
            Demand(percent >= 1, "spec.targetCPUUtilizationPercentage", percent, "give 1 or more");
            metrics.Add(Cpu(percent));
        }

        if (metrics.Count == 0)
        {
            metrics.Add(Cpu(80));
        }

        if (min == 0 && metrics.TrueForAll(metric => metric.IsPerPod))
        {
            throw Refused("spec.minReplicas", "cannot be 0", "only an Object or External metric can scale to 0; give 1 or add one");
        }

        JsonObject? target = spec["scaleTargetRef"] as JsonObject, meta = hpa["metadata"] as JsonObject;
        return new()
        {
            Name = Text(meta, "name") ?? "",
            Namespace = Text(meta, "namespace") ?? "default",
            TargetKind = Text(target, "kind") ?? "Deployment",
            TargetName = Text(target, "name") ?? "",
            MinReplicas = min,
            MaxReplicas = max,
            Metrics = metrics,
            Behavior = spec["behavior"] is JsonObject behavior
                ? new HpaBehavior(Rules(behavior, "scaleUp"), Rules(behavior, "scaleDown")).WithDefaults()
                : null,
        };
    }

    /// <summary>What the containers of a pod request.</summary>
    /// <param name="spec">spec of a pod.</param>
    /// <returns>The requests.</returns>
    internal static HpaPodTemplate TemplateOf(JsonObject? spec) => new()
    {
        Containers = Containers(spec, "containers"),
        InitContainers = Containers(spec, "initContainers"),
        PodRequests = spec?["resources"] is JsonObject own && own["requests"] is JsonObject requests ? Amounts(requests, "resources.requests") : null,
        Overhead = spec?["overhead"] is JsonObject overhead ? Amounts(overhead, "overhead") : null,
    };

    /// <summary>A quantity in thousandths.</summary>
    /// <param name="node">String or number.</param>
    /// <param name="field">Where it is, for the message.</param>
    /// <returns>Thousandths.</returns>
    internal static long Milli(JsonNode node, string field) => Amount(node, field).MilliValue;

    private static HpaMetricSpec Cpu(int percent) => new()
    {
        Type = HpaMetricType.Resource, Name = "cpu", TargetType = HpaTargetType.Utilization, Target = percent,
    };

    private static HpaMetricSpec Metric(JsonObject metric, string path)
    {
        string type = Text(metric, "type") ?? "";
        if (!Enum.TryParse(type, out HpaMetricType kind) || !Enum.IsDefined(kind) || char.IsAsciiDigit(type.FirstOrDefault()))
        {
            throw Refused(path + ".type", $"'{type}' is not a kind of metric", "write Resource, ContainerResource, Pods, Object or External");
        }

        string member = FirstLetter.Lower(type);
        JsonObject source = metric[member] as JsonObject ?? throw Refused($"{path}.{member}", "is missing", $"a metric of type {type} needs it");
        path = $"{path}.{member}";
        JsonObject? identity = source["metric"] as JsonObject, described = source["describedObject"] as JsonObject;
        bool resource = kind is HpaMetricType.Resource or HpaMetricType.ContainerResource;
        string name = Text(resource ? source : identity, "name") ?? throw Refused(path + (resource ? ".name" : ".metric.name"), "is missing", "give the name of the metric");
        string? container = kind == HpaMetricType.ContainerResource
            ? Text(source, "container") ?? throw Refused(path + ".container", "is missing", "give the name of the container")
            : null;
        JsonObject target = source["target"] as JsonObject ?? throw Refused(path + ".target", "is missing", "give type and a value");
        (HpaTargetType targetType, long value) = Target(target, kind, path + ".target");
        return new()
        {
            Type = kind,
            Name = name,
            Container = container,
            TargetType = targetType,
            Target = value,
            ObjectKind = Text(described, "kind"),
            ObjectName = Text(described, "name"),
            Selector = Selector(identity?["selector"] as JsonObject),
        };
    }

    private static (HpaTargetType Type, long Value) Target(JsonObject target, HpaMetricType kind, string path)
    {
        // As the controller: the field that is given decides, the type only says which it should be.
        bool resource = kind is HpaMetricType.Resource or HpaMetricType.ContainerResource;
        if (target["averageValue"] is { } average && kind != HpaMetricType.Object)
        {
            return (HpaTargetType.AverageValue, Positive(average, path + ".averageValue"));
        }

        if (resource)
        {
            if (target["averageUtilization"] is JsonValue given && given.GetValueKind() == JsonValueKind.String)
            {
                throw Refused(path + ".averageUtilization", $"'{given}' is not a whole number", "give percent without the sign, as in 50");
            }

            int percent = Whole(target, "averageUtilization", path) ?? throw Refused(path, "has no averageUtilization and no averageValue", "give one of them");
            Demand(percent >= 1, path + ".averageUtilization", percent, "give percent of the request, 1 or more");
            return (HpaTargetType.Utilization, percent);
        }

        if (kind != HpaMetricType.Pods && target["value"] is { } value && (kind != HpaMetricType.Object || Text(target, "type") != "AverageValue"))
        {
            return (HpaTargetType.Value, Positive(value, path + ".value"));
        }

        return target["averageValue"] is { } perPod
            ? (HpaTargetType.AverageValue, Positive(perPod, path + ".averageValue"))
            : throw Refused(path, kind == HpaMetricType.Pods ? "has no averageValue" : "has no value and no averageValue", "give the target");
    }

    private static long Positive(JsonNode node, string field)
    {
        Quantity amount = Amount(node, field);
        return amount.Sign > 0 ? amount.MilliValue : throw Refused(field, $"cannot be {amount}", "give more than 0");
    }

    private static Quantity Amount(JsonNode node, string field)
    {
        string text = node.GetValueKind() is JsonValueKind.String or JsonValueKind.Number ? node.ToString().Trim() : node.ToJsonString();
        return Quantity.TryParse(text, out Quantity amount)
            ? amount
            : throw Refused(field, $"'{text}' is not a quantity", text.EndsWith('%') ? "a percentage goes into averageUtilization" : "write 500m, 0.5, 2 or 128Mi");
    }

    private static HpaScalingRules? Rules(JsonObject behavior, string direction)
    {
        if (behavior[direction] is not JsonObject rules)
        {
            return null;
        }

        string path = "spec.behavior." + direction;
        int? window = Whole(rules, "stabilizationWindowSeconds", path);
        Demand(window is null or (>= 0 and <= 3600), path + ".stabilizationWindowSeconds", window ?? 0, "give 0 to 3600");
        string? select = Text(rules, "selectPolicy");
        if (select is not (null or "Max" or "Min" or "Disabled"))
        {
            throw Refused(path + ".selectPolicy", $"'{select}' is not a choice", "write Max, Min or Disabled");
        }

        Quantity? tolerance = rules["tolerance"] is { } given ? Amount(given, path + ".tolerance") : null;
        if (tolerance?.Sign < 0)
        {
            throw Refused(path + ".tolerance", $"cannot be {tolerance}", "give 0 or more, 0.05 for 5 %");
        }

        return new()
        {
            StabilizationWindowSeconds = window,
            SelectPolicy = select is null ? null : Enum.Parse<HpaPolicySelect>(select),
            Policies = rules["policies"] is JsonArray policies ? [.. policies.Select((policy, i) => Policy(policy as JsonObject, $"{path}.policies[{i}]"))] : null,
            Tolerance = tolerance,
        };
    }

    private static HpaScalingPolicy Policy(JsonObject? policy, string path)
    {
        string? type = Text(policy, "type");
        if (policy is null || type is not ("Pods" or "Percent"))
        {
            throw Refused(path + ".type", $"'{type}' is not a kind of policy", "write Pods or Percent");
        }

        int value = Whole(policy, "value", path) ?? 0, period = Whole(policy, "periodSeconds", path) ?? 0;
        Demand(value > 0, path + ".value", value, "give more than 0");
        Demand(period is > 0 and <= 1800, path + ".periodSeconds", period, "give 1 to 1800");
        return new(type == "Percent", value, period);
    }

    private static HpaContainer[] Containers(JsonObject? spec, string list) =>
        [.. ManifestObjects.List(spec, list).Select(container => new HpaContainer(
            Text(container, "name") ?? "",
            (container["resources"] as JsonObject)?["requests"] is JsonObject requests ? Amounts(requests, "resources.requests")
                : container["requestsMilli"] is JsonObject milli ? milli.ToDictionary(p => p.Key, p => p.Value!.GetValue<long>(), StringComparer.Ordinal)
                : new Dictionary<string, long>(),
            Text(container, "restartPolicy") == "Always"))];

    private static Dictionary<string, long> Amounts(JsonObject amounts, string path) => amounts
        .Where(amount => amount.Value is not null)
        .ToDictionary(amount => amount.Key, amount => Milli(amount.Value!, $"{path}.{amount.Key}"), StringComparer.Ordinal);

    private static Dictionary<string, long> LimitsOf(JsonObject pod)
    {
        Dictionary<string, long>? sum = null;
        foreach (JsonObject container in ManifestObjects.List(pod, "containers"))
        {
            Dictionary<string, long> limits = (container["resources"] as JsonObject)?["limits"] is JsonObject given ? Amounts(given, "resources.limits") : [];
            // One container without a limit may take what it likes.
            sum = sum is null ? limits : sum.Where(one => limits.ContainsKey(one.Key)).ToDictionary(one => one.Key, one => one.Value + limits[one.Key], StringComparer.Ordinal);
        }

        return sum ?? [];
    }

    // As the controller prints it in its messages.
    private static string Selector(JsonObject? selector)
    {
        if (selector is null)
        {
            return "nil";
        }

        string labels = string.Concat((selector["matchLabels"] as JsonObject ?? []).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}: {p.Value},"));
        string expressions = string.Concat(ManifestObjects.List(selector, "matchExpressions").Select(e =>
            $"LabelSelectorRequirement{{Key:{Text(e, "key")},Operator:{Text(e, "operator")},Values:[{string.Join(' ', (e["values"] as JsonArray ?? []).Select(v => v?.ToString()))}],}},"));
        return $"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}";
    }

    private static int? Whole(JsonObject json, string name, string path)
    {
        if (json[name] is not { } node)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.Number && int.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int whole)
            ? whole
            : throw Refused($"{path}.{name}", $"{node.ToJsonString()} is not a whole number", "give a number without quotes");
    }

    private static string? Text(JsonObject? json, string name) => ManifestObjects.Text(json, name);

    private static void Demand(bool holds, string field, int value, string advice)
    {
        if (!holds)
        {
            throw Refused(field, string.Create(CultureInfo.InvariantCulture, $"cannot be {value}"), advice);
        }
    }

    private static LabException Refused(string field, string what, string advice) => Invalid("AutoscalerInvalid", $"{field} {what}: {advice}.");

    private static LabException Invalid(string code, string message) => ManifestObjects.Invalid(code, message);
}
