using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Gives every namespace its default ServiceAccount and root certificate, and empties it before it goes.</summary>
internal sealed class NamespaceController(Cluster cluster) : Controller(cluster)
{
    private const string Shelf = "/namespaces", Accounts = "/serviceaccounts", Maps = "/configmaps", Certificate = "kube-root-ca.crt";

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, DateTimeOffset> deletedAt = [];

    public override IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change)
    {
        if (change.Object.Shelf == Shelf)
        {
            return [change.Object.Key];
        }

        bool matters = change.IsDeletion && change.Object.Namespace.Length > 0;
        return matters ? [("", change.Object.Namespace)] : [];
    }

    public override TimeSpan? Reconcile(string ns, string name)
    {
        if (Cluster.Get(Shelf, "", name) is not { } node)
        {
            return null;
        }

        if (!Pods.IsDeleting(node))
        {
            if (Cluster.Get(Accounts, name, "default") is null)
            {
                Cluster.Create(Accounts, name, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" } });
            }

            if (Cluster.Get(Maps, name, Certificate) is null)
            {
                Cluster.Create(Maps, name, new JsonObject
                {
                    ["metadata"] = new JsonObject { ["name"] = Certificate },
                    ["data"] = new JsonObject { ["ca.crt"] = "The emulator is reached without TLS and has no certificate.\n" },
                });
            }

            return null;
        }

        // As a real cluster does: who deletes a namespace and what is in it together finds the content still there.
        string uid = node.Text("metadata", "uid")!;
        if (deletedAt.TryAdd(uid, DateTimeOffset.UtcNow) || DateTimeOffset.UtcNow - deletedAt[uid] < Patience)
        {
            return Patience;
        }

        bool isEmpty = true;
        SortedDictionary<string, int> left = new(StringComparer.Ordinal), holders = new(StringComparer.Ordinal);
        foreach (ResourceKind kind in Cluster.Registry.Shelves.Where(kind => kind.IsNamespaced).ToList())
        {
            foreach (StoredObject stored in Cluster.List(kind.StorageKey, name))
            {
                // What finalizers hold back keeps the namespace too.
                Cluster.Delete(kind.StorageKey, name, stored.Name, stored.Uid, kind.StorageKey == "/pods" ? 0 : null);
                if (Cluster.Get(kind.StorageKey, name, stored.Name) is { } rest)
                {
                    isEmpty = false;
                    string full = kind.Group.Length == 0 ? kind.Name : $"{kind.Name}.{kind.Group}";
                    left[full] = left.GetValueOrDefault(full) + 1;
                    foreach (string finalizer in rest.Texts("metadata", "finalizers"))
                    {
                        holders[finalizer] = holders.GetValueOrDefault(finalizer) + 1;
                    }
                }
            }
        }

        if (isEmpty)
        {
            deletedAt.Remove(uid);
            Cluster.Update(Shelf, "", name, live => live.Ensure("spec")["finalizers"] = new JsonArray(), "finalize");
            return null;
        }

        Tell(node, "NamespaceContentRemaining", "SomeResourcesRemain",
            "Some resources are remaining: " + string.Join(", ", left.Select(entry => $"{entry.Key} has {entry.Value} resource instances")));
        if (holders.Count > 0)
        {
            Tell(node, "NamespaceFinalizersRemaining", "SomeFinalizersRemain",
                "Some content in the namespace has finalizers remaining: " + string.Join(", ", holders.Select(entry => $"{entry.Key} in {entry.Value} resource instances")));
        }

        return TimeSpan.FromMilliseconds(200);
    }

    private void Tell(JsonObject node, string type, string reason, string message)
    {
        string name = node.Text("metadata", "name")!;
        if (Cluster.Get(Shelf, "", name) is { } live && !live.Items("status", "conditions").Any(c => c.Text("type") == type && c.Text("message") == message))
        {
            JsonObject status = (JsonObject)(live["status"]?.DeepClone() ?? new JsonObject());
            Cluster.SetCondition(status, live["status"], type, true, reason, message);
            Cluster.SetStatus(Shelf, live, status);
        }
    }
}
