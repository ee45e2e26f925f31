using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>
/// Binds a PersistentVolumeClaim to the volume that it names, to a free one that fits, or to a new one of its storage class. Where there is
/// none of these it stays Pending, as its pods do. A volume without a claim is Available.
/// </summary>
internal sealed class ClaimController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "/persistentvolumeclaims", Volumes = "/persistentvolumes", Classes = "storage.k8s.io/storageclasses", Protection = "kubernetes.io/pvc-protection";

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change) =>
        change.Object.Shelf == Shelf ? [change.Object.Key]
            : change.Object.Shelf is Volumes or Classes && !change.IsDeletion ? Cluster.List(Shelf).Where(claim => claim.Parse().Text("status", "phase") != "Bound").Select(claim => claim.Key)
                .Concat(change.Object.Shelf == Volumes ? [change.Object.Key] : [])
            : change.Object.Shelf == "/pods" && change.IsDeletion ? Cluster.List(Shelf, change.Object.Namespace).Where(claim => claim.IsDeleting).Select(claim => claim.Key) : [];

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (ns.Length == 0)
        {
            Begin(name);
            return null;
        }

        if (Cluster.Get(Shelf, ns, name) is not { } claim)
        {
            foreach (StoredObject stored in Cluster.List(Volumes))
            {
                JsonObject left = stored.Parse();
                JsonNode? reference = left.At("spec", "claimRef");
                if (reference.Text("namespace") != ns || reference.Text("name") != name || string.IsNullOrEmpty(reference.Text("uid")))
                {
                    continue;
                }

                if (left.Text("spec", "persistentVolumeReclaimPolicy") == "Delete")
                {
                    Cluster.Delete(Volumes, "", stored.Name);
                }
                else
                {
                    Cluster.SetStatus(Volumes, left, new JsonObject { ["phase"] = "Released" });
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

        if (Volume(claim, ns, name) is not { } volume)
        {
            return null;
        }

        Cluster.Update(Shelf, ns, name, live => live["spec"]!["volumeName"] = Cluster.NameOf(volume));
        Cluster.SetStatus(Shelf, claim, new JsonObject
        {
            ["phase"] = "Bound",
            ["accessModes"] = volume.At("spec", "accessModes")?.DeepClone(),
            ["capacity"] = volume.At("spec", "capacity")?.DeepClone(),
        });
        return null;
    }

    // A volume that is new: of a claim that was there before, it is Released.
    private void Begin(string name)
    {
        if (Cluster.Get(Volumes, "", name) is not { } volume || volume.Text("status", "phase") is not (null or "Pending"))
        {
            return;
        }

        JsonNode? claim = volume.At("spec", "claimRef");
        bool wasBound = !string.IsNullOrEmpty(claim.Text("uid"));
        if (!wasBound || Cluster.Get(Shelf, claim.Text("namespace") ?? "", claim.Text("name") ?? "") is null)
        {
            Cluster.SetStatus(Volumes, volume, new JsonObject { ["phase"] = wasBound ? "Released" : "Available" });
        }
    }

    private static Quantity Storage(JsonNode? amounts) => Quantity.TryParse(amounts.Text("storage"), out Quantity size) ? size : default;

    private JsonObject? Volume(JsonObject claim, string ns, string name)
    {
        string storageClass = claim.Text("spec", "storageClassName") ?? "";
        List<JsonObject> volumes = [.. Cluster.List(Volumes).Select(stored => stored.Parse())];

        // Provisioned for it in an earlier look, or set aside for it.
        if (volumes.Find(volume => volume.Text("spec", "claimRef", "uid") == claim.Text("metadata", "uid")) is { } own)
        {
            return own;
        }

        if (claim.Text("spec", "volumeName") is { Length: > 0 } asked)
        {
            return volumes.Find(volume => Cluster.NameOf(volume) == asked && IsFree(volume)) is { } there ? Take(there, claim) : null;
        }

        JsonObject? fitting = volumes
            .Where(volume => IsFree(volume) && (volume.Text("spec", "storageClassName") ?? "") == storageClass
                && Storage(volume.At("spec", "capacity")) >= Storage(claim.At("spec", "resources", "requests"))
                && !claim.Texts("spec", "accessModes").Except(volume.Texts("spec", "accessModes")).Any()
                && (claim.At("spec", "selector") is not { } selector || LabelSelector.FromObject(selector)?.Matches(volume.Strings("metadata", "labels")) == true))
            .OrderBy(volume => Storage(volume.At("spec", "capacity"))).FirstOrDefault();
        if (fitting is not null)
        {
            return Take(fitting, claim);
        }

        return storageClass.Length > 0 && Cluster.Get(Classes, "", storageClass) is { } known && known.Text("provisioner") != "kubernetes.io/no-provisioner"
            ? Provision(claim, known)
            : null;

        bool IsFree(JsonObject volume) => volume.Object("spec", "claimRef") is not { } reference
            || (string.IsNullOrEmpty(reference.Text("uid")) && reference.Text("namespace") == ns && reference.Text("name") == name);
    }

    private JsonObject Take(JsonObject volume, JsonObject claim)
    {
        Cluster.Update(Volumes, "", Cluster.NameOf(volume), live => live["spec"]!["claimRef"] = Reference(claim));
        Cluster.SetStatus(Volumes, volume, new JsonObject { ["phase"] = "Bound" });
        return volume;
    }

    private JsonObject Provision(JsonObject claim, JsonObject storageClass)
    {
        string name = "pvc-" + claim.Text("metadata", "uid");
        return Cluster.Create(Volumes, "", new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["capacity"] = claim.At("spec", "resources", "requests")?.DeepClone() ?? new JsonObject(),
                ["accessModes"] = claim.At("spec", "accessModes")?.DeepClone(),
                ["claimRef"] = Reference(claim),
                ["persistentVolumeReclaimPolicy"] = storageClass.Text("reclaimPolicy") ?? "Delete",
                ["storageClassName"] = Cluster.NameOf(storageClass),
                ["hostPath"] = new JsonObject { ["path"] = "/emulated/" + name },
            },
            ["status"] = new JsonObject { ["phase"] = "Bound" },
        });
    }

    private static JsonObject Reference(JsonObject claim) => new()
    {
        ["kind"] = "PersistentVolumeClaim",
        ["apiVersion"] = "v1",
        ["namespace"] = Cluster.NamespaceOf(claim),
        ["name"] = Cluster.NameOf(claim),
        ["uid"] = claim.Text("metadata", "uid"),
    };
}
