using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Gives every PersistentVolumeClaim a volume.</summary>
internal sealed class ClaimController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "/persistentvolumeclaims", Volumes = "/persistentvolumes", Protection = "kubernetes.io/pvc-protection";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) =>
        change.Object.Shelf == Shelf ? [change.Object.Key]
            : change.Object.Shelf == "/pods" && change.IsDeletion ? Cluster.List(Shelf, change.Object.Namespace).Where(claim => claim.IsDeleting).Select(claim => claim.Key) : [];

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, ns, name) is not { } claim)
        {
            foreach (StoredObject stored in Cluster.List(Volumes))
            {
                JsonNode? reference = stored.Parse().At("spec", "claimRef");
                if (reference.Text("namespace") == ns && reference.Text("name") == name)
                {
                    Cluster.Delete(Volumes, "", stored.Name);
                }
            }

            return null;
        }

        if (Pods.IsDeleting(claim))
        {
            bool isUsed = Cluster.List("/pods", ns).Any(pod => pod.Parse().Items("spec", "volumes").Any(volume => volume.Text("persistentVolumeClaim", "claimName") == name));
            if (!isUsed && claim.Texts("metadata", "finalizers").Contains(Protection))
            {
                Cluster.Update(Shelf, ns, name, live => Cluster.DropFinalizer(live, Protection));
            }

            return null;
        }

        if (claim.Text("status", "phase") == "Bound")
        {
            return null;
        }

        string volume = claim.Text("spec", "volumeName") is { Length: > 0 } asked ? asked : "pvc-" + claim.Text("metadata", "uid");
        JsonNode capacity = claim.At("spec", "resources", "requests")?.DeepClone() ?? new JsonObject();
        if (Cluster.Get(Volumes, "", volume) is null)
        {
            JsonObject reference = new()
            {
                ["kind"] = "PersistentVolumeClaim",
                ["apiVersion"] = "v1",
                ["namespace"] = ns,
                ["name"] = name,
                ["uid"] = claim.Text("metadata", "uid"),
            };
            Cluster.Create(Volumes, "", new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = volume },
                ["spec"] = new JsonObject
                {
                    ["capacity"] = capacity.DeepClone(),
                    ["accessModes"] = claim.At("spec", "accessModes")?.DeepClone(),
                    ["claimRef"] = reference,
                    ["persistentVolumeReclaimPolicy"] = "Delete",
                    ["storageClassName"] = claim.Text("spec", "storageClassName") ?? "",
                    ["hostPath"] = new JsonObject { ["path"] = "/emulated/" + volume },
                },
                ["status"] = new JsonObject { ["phase"] = "Bound" },
            });
        }

        Cluster.Update(Shelf, ns, name, live => live["spec"]!["volumeName"] = volume);
        Cluster.SetStatus(Shelf, claim, new JsonObject { ["phase"] = "Bound", ["accessModes"] = claim.At("spec", "accessModes")?.DeepClone(), ["capacity"] = capacity });
        return null;
    }
}
