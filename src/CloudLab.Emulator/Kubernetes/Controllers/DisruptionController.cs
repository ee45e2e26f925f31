using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Counts how many pods a PodDisruptionBudget lets go.</summary>
internal sealed class DisruptionController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "policy/poddisruptionbudgets";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => change.Object.Shelf switch
    {
        Shelf => [change.Object.Key],
        "/pods" => Cluster.List(Shelf, change.Object.Namespace).Select(budget => budget.Key),
        _ => [],
    };

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } budget)
        {
            return null;
        }

        LabelSelector? selector = LabelSelector.FromObject(budget.At("spec", "selector"));
        List<JsonObject> pods = [.. Cluster.List("/pods", ns).Where(pod => selector?.Matches(pod.Labels) == true).Select(pod => pod.Parse()).Where(Pods.IsActive)];
        int healthy = pods.Count(Pods.IsReady);
        long desired = budget.At("spec", "maxUnavailable") is { } most
            ? Math.Max(0, pods.Count - Pods.Share(most, pods.Count, up: true, 0))
            : Pods.Share(budget.At("spec", "minAvailable"), pods.Count, up: true, 0);
        long allowed = Math.Max(0, healthy - desired);
        JsonObject status = new()
        {
            ["disruptionsAllowed"] = allowed,
            ["currentHealthy"] = healthy,
            ["desiredHealthy"] = desired,
            ["expectedPods"] = pods.Count,
            ["observedGeneration"] = budget.Number("metadata", "generation"),
        };
        Cluster.SetCondition(status, budget["status"], "DisruptionAllowed", allowed > 0, allowed > 0 ? "SufficientPods" : "InsufficientPods", "");
        Cluster.SetStatus(Shelf, budget, status);
        return null;
    }
}
