using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>The history of StatefulSets and DaemonSets: a ControllerRevision for each template, which <c>kubectl rollout undo</c> reads.</summary>
internal static class Revisions
{
    public const string Label = "controller-revision-hash";

    private const string Shelf = "apps/controllerrevisions";

    /// <summary>The revision of a workload's template; it becomes the newest.</summary>
    /// <returns>Its name (StatefulSet) or hash (DaemonSet), as pods are labelled with.</returns>
    public static string Ensure(Cluster cluster, JsonObject owner)
    {
        string ns = Cluster.NamespaceOf(owner), uid = owner.Text("metadata", "uid")!;
        string hash = Pods.Hash(owner.At("spec", "template")), name = $"{Cluster.NameOf(owner)}-{hash}";
        List<JsonObject> all = [.. cluster.List(Shelf, ns).Where(revision => revision.OwnerUids.Contains(uid)).Select(revision => revision.Parse())];
        long newest = all.Select(revision => revision.Number("revision") ?? 0).DefaultIfEmpty(0).Max();
        JsonObject? mine = all.FirstOrDefault(revision => Cluster.NameOf(revision) == name);
        if (mine is null)
        {
            JsonObject template = ((JsonObject)owner["spec"]!["template"]!).Copy();
            template["$patch"] = "replace";
            JsonObject labels = (owner.At("spec", "template", "metadata", "labels") as JsonObject)?.Copy() ?? [];
            labels[Label] = hash;
            JsonObject metadata = new()
            {
                ["name"] = name,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(Cluster.Reference(owner)),
            };
            if (owner.Object("metadata", "annotations") is { } annotations)
            {
                metadata["annotations"] = annotations.DeepClone();
            }

            cluster.Create(Shelf, ns, new JsonObject
            {
                ["metadata"] = metadata,
                ["data"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } },
                ["revision"] = newest + 1,
            });
        }
        else if (mine.Number("revision") < newest)
        {
            cluster.Update(Shelf, ns, name, live => live["revision"] = newest + 1);
        }

        return owner.Text("kind") == "DaemonSet" ? hash : name;
    }
}
