using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Keeps the numbered pods of StatefulSets: up in order, down and anew from the last.</summary>
internal sealed class StatefulSetController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "apps/statefulsets";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => SelfOrOwners(change, Shelf, "/pods");

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } set || Pods.IsDeleting(set))
        {
            return null;
        }

        JsonNode spec = set["spec"]!;
        string revision = Revisions.Ensure(Cluster, set);
        List<JsonObject> pods = Cluster.Claim("/pods", set, LabelSelector.FromObject(spec["selector"]));
        long wanted = spec.Number("replicas") ?? 1, first = spec.Number("ordinals", "start") ?? 0;
        bool isParallel = spec.Text("podManagementPolicy") == "Parallel";
        Dictionary<long, JsonObject> byNumber = [];
        foreach (JsonObject pod in pods)
        {
            if (long.TryParse(Cluster.NameOf(pod).AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            {
                byNumber[number] = pod;
            }
        }

        Move(set, byNumber, wanted, first, isParallel, revision);
        return SetStatus(set, revision, wanted);
    }

    private void Move(JsonObject set, Dictionary<long, JsonObject> pods, long wanted, long first, bool isParallel, string revision)
    {
        for (long number = first; number < first + wanted; number++)
        {
            JsonObject? pod = pods.GetValueOrDefault(number);
            if (pod is not null && !Pods.IsDeleting(pod) && !Pods.IsActive(pod))
            {
                Cluster.Delete("/pods", Cluster.NamespaceOf(set), Cluster.NameOf(pod), propagation: null);
                return;
            }

            if (pod is null)
            {
                CreatePod(set, number, revision);
            }

            if (!isParallel && (pod is null || !Pods.IsReady(pod)))
            {
                return;
            }
        }

        foreach ((long number, JsonObject pod) in pods.Where(pair => pair.Key >= first + wanted || pair.Key < first).OrderByDescending(pair => pair.Key))
        {
            if (!Pods.IsDeleting(pod))
            {
                Cluster.Delete("/pods", Cluster.NamespaceOf(set), Cluster.NameOf(pod), propagation: null);
            }

            if (!isParallel)
            {
                return;
            }
        }

        if (set.Text("spec", "updateStrategy", "type") == "OnDelete")
        {
            return;
        }

        long partition = set.Number("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        foreach ((long number, JsonObject pod) in pods.OrderByDescending(pair => pair.Key))
        {
            if (number >= first + partition && pod.Text("metadata", "labels", Revisions.Label) != revision)
            {
                Cluster.Delete("/pods", Cluster.NamespaceOf(set), Cluster.NameOf(pod), propagation: null);
                return;
            }

            if (!Pods.IsReady(pod))
            {
                return;
            }
        }
    }

    private void CreatePod(JsonObject set, long number, string revision)
    {
        string ns = Cluster.NamespaceOf(set), name = string.Create(CultureInfo.InvariantCulture, $"{Cluster.NameOf(set)}-{number}");
        JsonObject pod = Pods.FromTemplate(set);
        JsonObject metadata = pod.Ensure("metadata"), labels = metadata.Ensure("labels"), spec = pod.Ensure("spec");
        metadata.Remove("generateName");
        metadata["name"] = name;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        labels["apps.kubernetes.io/pod-index"] = number.ToString(CultureInfo.InvariantCulture);
        labels[Revisions.Label] = revision;
        spec["hostname"] = name;
        if (set.Text("spec", "serviceName") is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        foreach (JsonObject template in set.Items("spec", "volumeClaimTemplates"))
        {
            string claim = $"{Cluster.NameOf(template)}-{name}";
            if (Cluster.Get("/persistentvolumeclaims", ns, claim) is null)
            {
                Cluster.Create("/persistentvolumeclaims", ns, new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = claim, ["labels"] = set.At("spec", "selector", "matchLabels")?.DeepClone() },
                    ["spec"] = template["spec"]!.DeepClone(),
                });
            }

            // The claim goes before a volume of the same name in the template.
            JsonArray volumes = spec.EnsureList("volumes");
            if (volumes.FirstOrDefault(volume => volume.Text("name") == Cluster.NameOf(template)) is { } same)
            {
                volumes.Remove(same);
            }

            volumes.Add(new JsonObject
            {
                ["name"] = Cluster.NameOf(template),
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim },
            });
        }

        Cluster.Create("/pods", ns, pod);
        Cluster.Tell(set, "Normal", "SuccessfulCreate", $"create Pod {name} in StatefulSet {Cluster.NameOf(set)} successful", "statefulset-controller");
    }

    private TimeSpan? SetStatus(JsonObject set, string revision, long wanted)
    {
        string uid = set.Text("metadata", "uid")!;
        long minReady = set.Number("spec", "minReadySeconds") ?? 0;
        List<JsonObject> pods = [.. Cluster.List("/pods", Cluster.NamespaceOf(set)).Where(pod => pod.OwnerUids.Contains(uid)).Select(pod => pod.Parse())];
        int updated = pods.Count(pod => pod.Text("metadata", "labels", Revisions.Label) == revision && !Pods.IsDeleting(pod));
        int ready = pods.Count(Pods.IsReady), available = pods.Count(pod => Pods.IsAvailable(pod, minReady));
        string before = set.Text("status", "currentRevision") ?? revision;
        bool isDone = updated == pods.Count && ready == wanted && pods.Count == wanted;
        JsonObject status = new()
        {
            ["observedGeneration"] = set.Number("metadata", "generation"),
            ["replicas"] = pods.Count,
            ["readyReplicas"] = ready,
            ["currentReplicas"] = isDone ? updated : pods.Count - updated,
            ["updatedReplicas"] = updated,
            ["currentRevision"] = isDone ? revision : before,
            ["updateRevision"] = revision,
            ["collisionCount"] = 0,
            ["availableReplicas"] = available,
        };
        Cluster.SetStatus(Shelf, set, status);
        return ready > available ? TimeSpan.FromMilliseconds(500) : null;
    }
}
