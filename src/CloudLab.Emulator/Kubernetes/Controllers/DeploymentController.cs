using System.Globalization;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Rolls Deployments out: a ReplicaSet for each template, scaled against each other within surge and unavailability.</summary>
internal sealed class DeploymentController(Cluster cluster) : Controller(cluster)
{
    private const string Sets = "apps/replicasets", Shelf = "apps/deployments", HashLabel = "pod-template-hash";
    private const string Revision = "deployment.kubernetes.io/revision", Desired = "deployment.kubernetes.io/desired-replicas", Max = "deployment.kubernetes.io/max-replicas";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) => SelfOrOwners(change, Shelf, Sets);

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } deployment || Pods.IsDeleting(deployment))
        {
            return null;
        }

        JsonNode spec = deployment["spec"]!;
        List<JsonObject> sets = Cluster.Claim(Sets, deployment, LabelSelector.FromObject(spec.At("selector")));
        JsonObject? current = sets.FirstOrDefault(set => SameTemplate(set, spec["template"]));
        bool isPaused = spec.Flag("paused"), isNew = false;
        long wanted = spec.Number("replicas") ?? 1;
        bool recreates = spec.Text("strategy", "type") == "Recreate";
        long surge = recreates ? 0 : Pods.Share(spec.At("strategy", "rollingUpdate", "maxSurge"), wanted, up: true, 1);
        long missing = recreates ? wanted : Pods.Share(spec.At("strategy", "rollingUpdate", "maxUnavailable"), wanted, up: false, 0);
        if (surge == 0 && missing == 0)
        {
            missing = 1;
        }

        if (!isPaused)
        {
            long revision = sets.Where(set => set != current).Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
            if (current is null)
            {
                current = CreateSet(deployment, revision, wanted, surge);
                sets.Add(current);
                isNew = true;
            }
            else
            {
                revision = Math.Max(revision, RevisionOf(current));
            }

            current = Annotate(deployment, current, revision, wanted, surge, sets);
        }

        List<JsonObject> old = [.. sets.Where(set => Cluster.NameOf(set) != (current is null ? "" : Cluster.NameOf(current)))];
        if (current is not null)
        {
            Scale(current, old, wanted, surge, missing, recreates, isPaused);
        }
        else if (sets.Count(set => (set.Number("spec", "replicas") ?? 0) > 0) <= 1
            && (sets.FirstOrDefault(set => (set.Number("spec", "replicas") ?? 0) > 0) ?? sets.MaxBy(RevisionOf)) is { } only)
        {
            // Paused with a new template: what is there is still scaled.
            ScaleSet(only, wanted);
        }

        CleanUp(spec, old);
        return SetStatus(ns, name, current, isNew, missing);
    }

    private static long RevisionOf(JsonObject set) =>
        long.TryParse(set.Text("metadata", "annotations", Revision), NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : 0;

    private static bool SameTemplate(JsonObject set, JsonNode? template)
    {
        JsonObject mine = ((JsonObject)set["spec"]!["template"]!).Copy();
        mine.Object("metadata", "labels")?.Remove(HashLabel);
        JsonObject other = ((JsonObject)template!).Copy();
        other.Object("metadata", "labels")?.Remove(HashLabel);
        return Json.Same(mine, other);
    }

    private JsonObject CreateSet(JsonObject deployment, long revision, long wanted, long surge)
    {
        JsonObject template = ((JsonObject)deployment["spec"]!["template"]!).Copy();
        string hash = Pods.Hash(template, deployment.Number("status", "collisionCount") ?? 0);
        template.Ensure("metadata").Ensure("labels")[HashLabel] = hash;
        JsonObject selector = ((JsonObject)deployment["spec"]!["selector"]!).Copy();
        selector.Ensure("matchLabels")[HashLabel] = hash;
        JsonObject spec = new() { ["replicas"] = 0, ["selector"] = selector, ["template"] = template };
        if (deployment.Number("spec", "minReadySeconds") is > 0 and { } seconds)
        {
            spec["minReadySeconds"] = seconds;
        }

        JsonObject annotations = Copied(deployment);
        annotations[Revision] = revision.ToString(CultureInfo.InvariantCulture);
        annotations[Desired] = wanted.ToString(CultureInfo.InvariantCulture);
        annotations[Max] = (wanted + surge).ToString(CultureInfo.InvariantCulture);
        return Cluster.Create(Sets, Cluster.NamespaceOf(deployment), new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{Cluster.NameOf(deployment)}-{hash}",
                ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Cluster.Reference(deployment)),
            },
            ["spec"] = spec,
        });
    }

    private static JsonObject Copied(JsonObject deployment)
    {
        JsonObject annotations = deployment.Object("metadata", "annotations")?.Copy() ?? [];
        foreach (string name in (string[])["kubectl.kubernetes.io/last-applied-configuration", Revision, Desired, Max])
        {
            annotations.Remove(name);
        }

        return annotations;
    }

    private JsonObject Annotate(JsonObject deployment, JsonObject current, long revision, long wanted, long surge, List<JsonObject> sets)
    {
        string number = revision.ToString(CultureInfo.InvariantCulture);
        JsonObject updated = Cluster.Update(Sets, Cluster.NamespaceOf(current), Cluster.NameOf(current), live =>
        {
            JsonObject annotations = live.Ensure("metadata").Ensure("annotations");
            foreach ((string name, JsonNode? value) in Copied(deployment))
            {
                annotations[name] = value?.DeepClone();
            }

            annotations[Revision] = number;
            annotations[Desired] = wanted.ToString(CultureInfo.InvariantCulture);
            annotations[Max] = (wanted + surge).ToString(CultureInfo.InvariantCulture);
        });
        sets[sets.FindIndex(set => Cluster.NameOf(set) == Cluster.NameOf(current))] = updated;
        return updated;
    }

    private void Scale(JsonObject current, List<JsonObject> old, long wanted, long surge, long missing, bool recreates, bool isPaused)
    {
        long mine = current.Number("spec", "replicas") ?? 0, others = old.Sum(set => set.Number("spec", "replicas") ?? 0);
        if (isPaused && others > 0)
        {
            return;
        }

        if (recreates)
        {
            foreach (JsonObject set in old)
            {
                ScaleSet(set, 0);
            }

            bool anyLeft = old.Any(set => Cluster.List("/pods", Cluster.NamespaceOf(set)).Any(pod => pod.OwnerUids.Contains(set.Text("metadata", "uid")!)));
            if (!anyLeft)
            {
                ScaleSet(current, wanted);
            }

            return;
        }

        if (mine > wanted || others == 0)
        {
            ScaleSet(current, wanted);
            return;
        }

        // Pods that an old set is still to take away count too.
        long room = wanted + surge - mine - old.Sum(set => Math.Max(set.Number("spec", "replicas") ?? 0, set.Number("status", "replicas") ?? 0));
        if (mine < wanted && room > 0)
        {
            mine = Math.Min(wanted, mine + room);
            ScaleSet(current, mine);
        }

        // Old pods that do not serve can go at once; the others as long as enough are left.
        long unready = mine - (current.Number("status", "availableReplicas") ?? 0);
        long removable = mine + others - (wanted - missing) - unready;
        foreach (JsonObject set in old.OrderBy(set => set.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
        {
            long count = set.Number("spec", "replicas") ?? 0, idle = count - (set.Number("status", "availableReplicas") ?? 0);
            long down = Math.Max(0, Math.Min(idle, removable));
            removable -= down;
            if (down > 0)
            {
                ScaleSet(set, count - down);
                set["spec"]!["replicas"] = count - down;
            }
        }

        long available = (current.Number("status", "availableReplicas") ?? 0) + old.Sum(set => Math.Min(set.Number("status", "availableReplicas") ?? 0, set.Number("spec", "replicas") ?? 0));
        long spare = available - (wanted - missing);
        foreach (JsonObject set in old.OrderBy(set => set.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
        {
            long count = set.Number("spec", "replicas") ?? 0, down = Math.Min(count, spare);
            if (down > 0)
            {
                ScaleSet(set, count - down);
                spare -= down;
            }
        }
    }

    private void ScaleSet(JsonObject set, long count)
    {
        long before = set.Number("spec", "replicas") ?? 0;
        if (before != count)
        {
            if (Cluster.OwnerOf(set) is { } deployment)
            {
                Cluster.Tell(deployment, "Normal", "ScalingReplicaSet",
                    $"Scaled {(count > before ? "up" : "down")} replica set {Cluster.NameOf(set)} from {before} to {count}", "deployment-controller");
            }

            Cluster.Update(Sets, Cluster.NamespaceOf(set), Cluster.NameOf(set), live => live["spec"]!["replicas"] = count);
        }
    }

    private void CleanUp(JsonNode spec, List<JsonObject> old)
    {
        long limit = spec.Number("revisionHistoryLimit") ?? 10;
        List<JsonObject> idle = [.. old.Where(set => (set.Number("spec", "replicas") ?? 0) == 0 && (set.Number("status", "replicas") ?? 0) == 0).OrderBy(RevisionOf)];
        foreach (JsonObject set in idle.Take((int)Math.Max(0, idle.Count - limit)))
        {
            Cluster.Delete(Sets, Cluster.NamespaceOf(set), Cluster.NameOf(set));
        }
    }

    private TimeSpan? SetStatus(string ns, string name, JsonObject? current, bool isNew, long missing)
    {
        JsonObject deployment = Cluster.Get(Shelf, ns, name)!;
        JsonNode? before = deployment["status"];
        string uid = deployment.Text("metadata", "uid")!;
        List<JsonObject> sets = [.. Cluster.List(Sets, ns).Where(set => set.OwnerUids.Contains(uid)).Select(set => set.Parse())];
        long Sum(string field) => sets.Sum(set => set.Number("status", field) ?? 0);
        JsonObject? now = current is null ? null : sets.FirstOrDefault(set => Cluster.NameOf(set) == Cluster.NameOf(current));
        long wanted = deployment.Number("spec", "replicas") ?? 1, total = Sum("replicas"), ready = Sum("readyReplicas"), available = Sum("availableReplicas");
        long updated = now.Number("status", "replicas") ?? 0, unavailable = Math.Max(0, sets.Sum(set => set.Number("spec", "replicas") ?? 0) - available);
        JsonObject status = new() { ["observedGeneration"] = deployment.Number("metadata", "generation") };
        foreach ((string field, long value) in (ReadOnlySpan<(string, long)>)[("replicas", total), ("updatedReplicas", updated), ("readyReplicas", ready),
            ("availableReplicas", available), ("unavailableReplicas", unavailable)])
        {
            if (value > 0)
            {
                status[field] = value;
            }
        }

        status["terminatingReplicas"] = 0;
        foreach (JsonObject condition in before.Items("conditions"))
        {
            status.EnsureList("conditions").Add(condition.DeepClone());
        }

        bool enough = available >= wanted - missing;
        Cluster.SetCondition(status, before, "Available", enough, enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", hasUpdateTime: true);
        JsonObject? failure = sets.SelectMany(set => set.Items("status", "conditions")).FirstOrDefault(c => c.Text("type") == "ReplicaFailure" && c.Text("status") == "True");
        Cluster.RemoveCondition(status, "ReplicaFailure");
        if (failure is not null)
        {
            Cluster.SetCondition(status, before, "ReplicaFailure", true, failure.Text("reason") ?? "", failure.Text("message") ?? "", hasUpdateTime: true);
        }

        TimeSpan? again = Progress(deployment, status, before, now, isNew, wanted, total, updated, available);
        string? revision = now.Text("metadata", "annotations", Revision);
        Cluster.Update(Shelf, ns, name, live =>
        {
            live["status"] = status;
            if (revision is not null)
            {
                live.Ensure("metadata").Ensure("annotations")[Revision] = revision;
            }
        }, "status");
        return again;
    }

    private static TimeSpan? Progress(
        JsonObject deployment, JsonObject status, JsonNode? before, JsonObject? current, bool isNew, long wanted, long total, long updated, long available)
    {
        JsonObject? old = before.Items("conditions").FirstOrDefault(condition => condition.Text("type") == "Progressing");
        string set = current is null ? "" : Cluster.NameOf(current);
        if (deployment.Flag("spec", "paused"))
        {
            if (old.Text("reason") != "DeploymentPaused")
            {
                Cluster.SetCondition(status, null, "Progressing", null, "DeploymentPaused", "Deployment is paused", hasUpdateTime: true);
            }

            return null;
        }

        if (updated == wanted && total == wanted && available == wanted)
        {
            Cluster.SetCondition(status, before, "Progressing", true, "NewReplicaSetAvailable", $"ReplicaSet \"{set}\" has successfully progressed.", hasUpdateTime: true);
            return null;
        }

        bool moved = updated > (before.Number("updatedReplicas") ?? 0) || available > (before.Number("availableReplicas") ?? 0)
            || total - updated < (before.Number("replicas") ?? 0) - (before.Number("updatedReplicas") ?? 0);
        bool isOver = old.Text("reason") is "NewReplicaSetAvailable" or "DeploymentPaused" or null || deployment.Number("metadata", "generation") != before.Number("observedGeneration");
        if (isNew)
        {
            Cluster.SetCondition(status, null, "Progressing", true, "NewReplicaSetCreated", $"Created new replica set \"{set}\"", hasUpdateTime: true);
        }
        else if (moved || (isOver && old.Text("reason") != "NewReplicaSetCreated"))
        {
            // A later update time is what "still progressing" means.
            Cluster.SetCondition(status, null, "Progressing", true, "ReplicaSetUpdated", $"ReplicaSet \"{set}\" is progressing.", hasUpdateTime: true);
        }

        JsonObject condition = status.Items("conditions").First(c => c.Text("type") == "Progressing");
        TimeSpan left = (Json.Date(condition.Text("lastUpdateTime")) ?? DateTimeOffset.UtcNow)
            + TimeSpan.FromSeconds(deployment.Number("spec", "progressDeadlineSeconds") ?? 600) - DateTimeOffset.UtcNow;
        if (left <= TimeSpan.Zero && condition.Text("reason") != "ProgressDeadlineExceeded")
        {
            Cluster.SetCondition(status, before, "Progressing", false, "ProgressDeadlineExceeded", $"ReplicaSet \"{set}\" has timed out progressing.", hasUpdateTime: true);
        }

        return left > TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(100) : null;
    }
}
