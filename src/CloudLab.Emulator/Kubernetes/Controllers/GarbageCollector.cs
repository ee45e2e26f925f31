using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Deletes objects whose owners are gone, and does what the deletion of an owner waits for.</summary>
internal sealed class GarbageCollector(Cluster cluster) : Controller(cluster)
{
    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change)
    {
        if (change.IsDeletion)
        {
            // Its dependents, and its owners that may wait for it.
            foreach (StoredObject dependent in Dependents(change.Object.Uid))
            {
                yield return (dependent.Namespace, dependent.Shelf + "|" + dependent.Name);
            }

            foreach (StoredObject owner in All().Where(owner => owner.IsDeleting && change.Object.OwnerUids.Contains(owner.Uid)).ToList())
            {
                yield return (owner.Namespace, owner.Shelf + "|" + owner.Name);
            }
        }
        else if (change.Object.IsDeleting || (change.Object.OwnerUids.Count > 0 && change.Previous is null))
        {
            yield return (change.Object.Namespace, change.Object.Shelf + "|" + change.Object.Name);
        }
    }

    public override TimeSpan? Reconcile(string ns, string name)
    {
        string[] parts = name.Split('|', 2);
        if (Cluster.Get(parts[0], ns, parts[1]) is not { } node)
        {
            return null;
        }

        List<string> finalizers = [.. node.Texts("metadata", "finalizers")];
        if (Pods.IsDeleting(node) && finalizers.Contains("orphan"))
        {
            foreach (StoredObject dependent in Dependents(node.Text("metadata", "uid")!))
            {
                Cluster.Update(dependent.Shelf, dependent.Namespace, dependent.Name, live => Cluster.DropOwner(live, node.Text("metadata", "uid")!));
            }

            DropFinalizer(parts[0], node, "orphan");
        }
        else if (Pods.IsDeleting(node) && finalizers.Contains("foregroundDeletion"))
        {
            List<StoredObject> dependents = Dependents(node.Text("metadata", "uid")!);
            foreach (StoredObject dependent in dependents.Where(dependent => !dependent.IsDeleting))
            {
                Cluster.Delete(dependent.Shelf, dependent.Namespace, dependent.Name, dependent.Uid, propagation: "Foreground");
            }

            if (!Dependents(node.Text("metadata", "uid")!).Any(Blocks))
            {
                DropFinalizer(parts[0], node, "foregroundDeletion");
            }
        }

        if (!Pods.IsDeleting(node) && node.Items("metadata", "ownerReferences").Any())
        {
            CheckOwners(parts[0], node);
        }

        return null;
    }

    private static bool Blocks(StoredObject dependent) =>
        dependent.Parse().Items("metadata", "ownerReferences").Any(owner => owner.Flag("blockOwnerDeletion"));

    private void CheckOwners(string shelf, JsonObject node)
    {
        List<JsonObject> owners = [.. node.Items("metadata", "ownerReferences")];
        List<JsonObject> gone = [.. owners.Where(owner => !IsThere(owner, Cluster.NamespaceOf(node)))];
        if (gone.Count == owners.Count)
        {
            Cluster.Delete(shelf, Cluster.NamespaceOf(node), Cluster.NameOf(node), node.Text("metadata", "uid"));
        }
        else if (gone.Count > 0)
        {
            Cluster.Update(shelf, Cluster.NamespaceOf(node), Cluster.NameOf(node), live =>
            {
                foreach (JsonObject owner in gone)
                {
                    Cluster.DropOwner(live, owner.Text("uid")!);
                }
            });
        }
    }

    private bool IsThere(JsonObject owner, string ns)
    {
        // An owner of a kind that is not known may well be there.
        if (Cluster.Registry.FindKind(owner.Text("apiVersion") ?? "", owner.Text("kind") ?? "") is not { } kind)
        {
            return true;
        }

        StoredObject? stored = Cluster.Objects.Store.Get(kind.StorageKey, kind.IsNamespaced ? ns : "", owner.Text("name") ?? "");
        return stored?.Uid == owner.Text("uid");
    }

    private void DropFinalizer(string shelf, JsonObject node, string finalizer) =>
        Cluster.Update(shelf, Cluster.NamespaceOf(node), Cluster.NameOf(node), live => Cluster.DropFinalizer(live, finalizer));

    private IEnumerable<StoredObject> All() => Cluster.Registry.Shelves.ToList().SelectMany(kind => Cluster.List(kind.StorageKey));

    private List<StoredObject> Dependents(string uid) => [.. All().Where(stored => stored.OwnerUids.Contains(uid))];
}
