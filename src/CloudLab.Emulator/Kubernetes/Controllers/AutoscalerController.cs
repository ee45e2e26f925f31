using System.Text.Json.Nodes;
using CloudLab.Core.Autoscaling.Hpa;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>
/// Scales as the controller does, by the module's own arithmetic, on the metrics that somebody sets (<see cref="UsageMetrics"/>).
/// </summary>
internal sealed class AutoscalerController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "autoscaling/horizontalpodautoscalers";
    private static readonly TimeSpan SyncPeriod = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, HpaController> running = new(StringComparer.Ordinal);

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => change.Object.Shelf switch
    {
        Shelf => [change.Object.Key],
        "apps/deployments" or "apps/statefulsets" or "apps/replicasets" => Cluster.List(Shelf, change.Object.Namespace).Select(scaler => scaler.Key),
        _ => [],
    };

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } scaler)
        {
            return null;
        }

        JsonNode? reference = scaler.At("spec", "scaleTargetRef");
        ResourceKind? kind = Cluster.Registry.FindKind(reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "");
        if (kind is null || Cluster.Get(kind.StorageKey, ns, reference.Text("name") ?? "") is not { } target)
        {
            JsonObject missing = new() { ["desiredReplicas"] = 0 };
            Cluster.SetCondition(missing, scaler["status"], "AbleToScale", false, "FailedGetScale",
                $"the HPA controller was unable to get the target's current scale: {reference.Text("kind")} \"{reference.Text("name")}\" not found");
            Cluster.SetStatus(Shelf, scaler, missing);
            return null;
        }

        LabelSelector? selector = LabelSelector.FromObject(target.At("spec", "selector"));
        List<JsonObject> pods = [.. Cluster.List("/pods", ns).Where(pod => selector?.Matches(pod.Labels) == true).Select(pod => pod.Parse())];
        JsonObject[] metrics = [.. Metrics(scaler, pods)];
        HpaController controller;
        HpaStep step;
        try
        {
            HpaManifest manifest = HpaManifest.Of([scaler, target], "");
            string uid = scaler.Text("metadata", "uid")!;
            if (!running.TryGetValue(uid, out HpaController? known))
            {
                running[uid] = known = new HpaController(manifest.Spec, HpaSettings.Default);
            }

            controller = known;
            controller.Spec = manifest.Spec;
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            step = controller.Step(
                now, (int)(target.Number("spec", "replicas") ?? 1), (int)(target.Number("status", "replicas") ?? 0),
                new HpaSamples(manifest, pods, metrics, DateTimeOffset.FromUnixTimeMilliseconds(now)));
        }
        catch (LabException e)
        {
            Cluster.Tell(scaler, "Warning", "FailedComputeMetricsReplicas", e.Message, Component);
            return null;
        }

        if (step.Rescaled)
        {
            Cluster.Update(kind.StorageKey, ns, Cluster.NameOf(target), live => live["spec"]!["replicas"] = step.Desired, "scale");
        }

        foreach (string told in step.Events ?? [])
        {
            (string reason, string message) = told.Split(": ", 2) is [var head, var rest] ? (head, rest) : ("", told);
            Cluster.Tell(scaler, step.Error is null ? "Normal" : "Warning", reason, message, Component);
        }

        Cluster.SetStatus(Shelf, scaler, Status(scaler, target, controller, step));
        // The real one looks every 15 seconds; nobody wants to wait for that here.
        return metrics.Length > 0 ? SyncPeriod : null;
    }

    private const string Component = "horizontal-pod-autoscaler";

    // A load on the autoscaler itself is shared by the pods that serve.
    private static IEnumerable<JsonObject> Metrics(JsonObject scaler, List<JsonObject> pods)
    {
        List<JsonObject> ready = pods.FindAll(Pods.IsReady);
        Dictionary<string, string> share = UsageMetrics.Share(UsageMetrics.Of(scaler), ready.Count);
        foreach (JsonObject pod in ready)
        {
            if (UsageMetrics.Containers(pod, share) is { } containers)
            {
                yield return new JsonObject { ["metadata"] = new JsonObject { ["name"] = Cluster.NameOf(pod) }, ["containers"] = containers };
            }
        }
    }

    private static JsonObject Status(JsonObject scaler, JsonObject target, HpaController controller, HpaStep step)
    {
        JsonNode? before = scaler["status"];
        JsonObject status = new()
        {
            ["currentReplicas"] = target.Number("status", "replicas") ?? 0,
            ["desiredReplicas"] = controller.DesiredReplicas,
        };
        string? scaled = step.Rescaled ? Json.Now() : before.Text("lastScaleTime");
        if (scaled is not null)
        {
            status["lastScaleTime"] = scaled;
        }

        JsonArray measured = [];
        foreach ((HpaMetricStatus metric, JsonObject spec) in controller.Metrics.ToArray().Zip(scaler.Items("spec", "metrics")))
        {
            if (metric == default || spec.Text("type") is not ("Resource" or "ContainerResource"))
            {
                continue;
            }

            string member = spec.Text("type") == "Resource" ? "resource" : "containerResource";
            JsonObject current = new() { ["averageValue"] = Quantity.FromMilli(metric.AverageMilli ?? 0).ToString() };
            if (metric.Utilization is { } percent)
            {
                current["averageUtilization"] = percent;
            }

            JsonObject about = new() { ["name"] = spec.Text(member, "name"), ["current"] = current };
            if (spec.Text(member, "container") is { } container)
            {
                about["container"] = container;
            }

            measured.Add(new JsonObject { ["type"] = spec.Text("type"), [member] = about });
        }

        if (measured.Count > 0)
        {
            status["currentMetrics"] = measured;
        }

        foreach ((string type, HpaCondition condition) in (ReadOnlySpan<(string, HpaCondition)>)[("AbleToScale", controller.Able), ("ScalingActive", controller.Active), ("ScalingLimited", controller.Limited)])
        {
            if (condition.Status is { } value)
            {
                Cluster.SetCondition(status, before, type, value, condition.Reason, condition.Message);
            }
        }

        return status;
    }
}
