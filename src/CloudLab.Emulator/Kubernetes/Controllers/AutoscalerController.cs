using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Says what an autoscaler sees: its target's replicas, and that there are no metrics. Keeps the target within its bounds.</summary>
internal sealed class AutoscalerController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "autoscaling/horizontalpodautoscalers";

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
        JsonObject? target = kind is null ? null : Cluster.Get(kind.StorageKey, ns, reference.Text("name") ?? "");
        JsonObject status = [];
        if (target is null)
        {
            status["desiredReplicas"] = 0;
            Cluster.SetCondition(status, scaler["status"], "AbleToScale", false, "FailedGetScale",
                $"the HPA controller was unable to get the target's current scale: {reference.Text("kind")} \"{reference.Text("name")}\" not found");
        }
        else
        {
            long now = target.Number("spec", "replicas") ?? 1, min = scaler.Number("spec", "minReplicas") ?? 1, max = scaler.Number("spec", "maxReplicas") ?? now;
            long desired = now == 0 ? 0 : Math.Clamp(now, Math.Min(min, max), max);
            if (desired != now)
            {
                Cluster.Update(kind!.StorageKey, ns, Cluster.NameOf(target), live => live["spec"]!["replicas"] = desired, "scale");
            }

            status["currentReplicas"] = target.Number("status", "replicas") ?? 0;
            status["desiredReplicas"] = desired;
            Cluster.SetCondition(status, scaler["status"], "AbleToScale", true, "SucceededGetScale", "the HPA controller was able to get the target's current scale");
            Cluster.SetCondition(status, scaler["status"], "ScalingActive", false, "FailedGetResourceMetric",
                "the HPA was unable to compute the replica count: the emulator has no metrics");
        }

        Cluster.SetStatus(Shelf, scaler, status);
        return null;
    }
}
