using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Keeps the number of pods of ReplicaSets and ReplicationControllers.</summary>
internal sealed class ReplicaSetController(Cluster cluster) : Controller(cluster)
{
    private const string Sets = "apps/replicasets", Old = "/replicationcontrollers", Component = "replicaset-controller";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) =>
        SelfOrOwners(change, Sets, "/pods").Concat(SelfOrOwners(change, Old, "/pods").Select(key => (key.Namespace, "rc:" + key.Name)));

    public override TimeSpan? Reconcile(string ns, string name)
    {
        string shelf = name.StartsWith("rc:", StringComparison.Ordinal) ? Old : Sets;
        if (Cluster.Get(shelf, ns, shelf == Old ? name[3..] : name) is not { } set)
        {
            return null;
        }

        name = Cluster.NameOf(set);
        LabelSelector? selector = shelf == Old ? LabelSelector.FromMap(set.At("spec", "selector")) : LabelSelector.FromObject(set.At("spec", "selector"));
        List<JsonObject> pods = [.. Cluster.Claim("/pods", set, selector).Where(Pods.IsActive)];
        long wanted = set.Number("spec", "replicas") ?? 1;
        string? failure = null;
        if (!Pods.IsDeleting(set))
        {
            try
            {
                for (long i = pods.Count; i < wanted; i++)
                {
                    pods.Add(Pods.Create(Cluster, set, Pods.FromTemplate(set), Component));
                }
            }
            catch (ApiError error) when (Pods.IsRefusal(error))
            {
                failure = error.Message;
            }

            // The ones that serve least go first, then the youngest.
            foreach (JsonObject pod in pods.OrderBy(Pods.IsReady).ThenByDescending(pod => pod.Text("metadata", "creationTimestamp"), StringComparer.Ordinal)
                .Take((int)Math.Max(0, pods.Count - wanted)).ToList())
            {
                Cluster.Delete("/pods", ns, Cluster.NameOf(pod), propagation: null);
                Cluster.Tell(set, "Normal", "SuccessfulDelete", $"Deleted pod: {Cluster.NameOf(pod)}", Component);
                pods.Remove(pod);
            }
        }

        long minReady = set.Number("spec", "minReadySeconds") ?? 0;
        JsonObject status = new() { ["replicas"] = pods.Count };
        int ready = pods.Count(Pods.IsReady), available = pods.Count(pod => Pods.IsAvailable(pod, minReady));
        if (pods.Count > 0)
        {
            status["fullyLabeledReplicas"] = pods.Count;
        }

        if (ready > 0)
        {
            status["readyReplicas"] = ready;
        }

        if (available > 0)
        {
            status["availableReplicas"] = available;
        }

        status["observedGeneration"] = set.Number("metadata", "generation") ?? 1;
        if (failure is not null)
        {
            Cluster.SetCondition(status, set["status"], "ReplicaFailure", true, "FailedCreate", failure);
        }

        Cluster.SetStatus(shelf, set, status);
        return failure is not null ? TimeSpan.FromSeconds(5) : ready > available ? TimeSpan.FromMilliseconds(500) : null;
    }
}
