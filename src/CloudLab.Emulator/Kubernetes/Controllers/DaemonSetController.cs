using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Keeps one pod of each DaemonSet on the node.</summary>
internal sealed class DaemonSetController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "apps/daemonsets";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => SelfOrOwners(change, Shelf, "/pods");

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } set || Pods.IsDeleting(set))
        {
            return null;
        }

        string revision = Revisions.Ensure(Cluster, set);
        List<JsonObject> pods = Cluster.Claim("/pods", set, LabelSelector.FromObject(set.At("spec", "selector")));
        Dictionary<string, string> selector = set.Strings("spec", "template", "spec", "nodeSelector");
        List<StoredObject> nodes = [.. Cluster.List("/nodes").Where(node =>
            selector.All(pair => node.Labels.TryGetValue(pair.Key, out string? value) && value == pair.Value))];
        JsonObject spec = set.Object("spec", "template", "spec") ?? [];
        nodes.RemoveAll(node => !pods.Any(pod => pod.Text("spec", "nodeName") == node.Name) && NodeFit.Refusal(node.Parse(), spec, isDaemon: true) is not null);
        foreach (StoredObject node in nodes.Where(node => !pods.Any(pod => pod.Text("spec", "nodeName") == node.Name)))
        {
            JsonObject pod = Pods.FromTemplate(set);
            pod.Ensure("metadata").Ensure("labels")[Revisions.Label] = revision;
            pod.Ensure("spec")["nodeName"] = node.Name;
            pods.Add(Pods.Create(Cluster, set, pod, "daemonset-controller"));
        }

        HashSet<string> names = [.. nodes.Select(node => node.Name)];
        bool isOnDelete = set.Text("spec", "updateStrategy", "type") == "OnDelete";
        foreach (JsonObject pod in pods.Where(pod => !Pods.IsDeleting(pod)))
        {
            bool isOld = pod.Text("metadata", "labels", Revisions.Label) != revision && !isOnDelete;
            if (isOld || !Pods.IsActive(pod) || !names.Contains(pod.Text("spec", "nodeName") ?? ""))
            {
                Cluster.Delete("/pods", ns, Cluster.NameOf(pod), propagation: null);
            }
        }

        List<JsonObject> live = [.. pods.Where(pod => !Pods.IsDeleting(pod))];
        int ready = live.Count(Pods.IsReady);
        JsonObject status = new()
        {
            ["currentNumberScheduled"] = live.Count,
            ["numberMisscheduled"] = 0,
            ["desiredNumberScheduled"] = nodes.Count,
            ["numberReady"] = ready,
            ["observedGeneration"] = set.Number("metadata", "generation"),
            ["updatedNumberScheduled"] = live.Count(pod => pod.Text("metadata", "labels", Revisions.Label) == revision),
        };
        if (ready > 0)
        {
            status["numberAvailable"] = ready;
        }

        if (nodes.Count > ready)
        {
            status["numberUnavailable"] = nodes.Count - ready;
        }

        Cluster.SetStatus(Shelf, set, status);
        return null;
    }
}
