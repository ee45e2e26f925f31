using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>The cluster as controllers see it.</summary>
internal sealed class Cluster(ObjectService objects)
{
    public const string Manager = "kube-controller-manager", Kubelet = "kubelet";
    private const string Events = "/events";

    public ObjectService Objects => objects;

    public ResourceRegistry Registry => objects.Registry;

    public List<StoredObject> List(string shelf, string? ns = null) => objects.Store.List(shelf, ns);

    /// <summary>The kind whose objects lie on a shelf, in the version they are kept in.</summary>
    public ResourceKind Kind(string shelf) => Registry.Shelves.FirstOrDefault(kind => kind.StorageKey == shelf) ?? throw new ApiError(404, "NotFound", "no such kind");

    public JsonObject? Get(string shelf, string ns, string name) => objects.Store.Get(shelf, ns, name)?.Parse();

    public JsonObject Create(string shelf, string ns, JsonObject node, string manager = Manager)
    {
        ResourceKind kind = Kind(shelf);
        node["apiVersion"] = kind.ApiVersion;
        node["kind"] = kind.Kind;
        return objects.Create(kind, ns, node, new WriteOptions(manager));
    }

    /// <summary>Changes an object; nothing is written if the change leaves it as it is.</summary>
    public JsonObject Update(string shelf, string ns, string name, Action<JsonObject> change, string subresource = "", string manager = Manager) =>
        objects.Update(Kind(shelf), ns, name, live =>
        {
            change(live);
            return live;
        }, new WriteOptions(manager, subresource));

    public void SetStatus(string shelf, JsonObject node, JsonObject status, string manager = Manager) =>
        Update(shelf, NamespaceOf(node), NameOf(node), live => live["status"] = status, "status", manager);

    /// <summary>Records an event about an object; the same one again only counts up.</summary>
    public void Tell(JsonObject about, string type, string reason, string message, string component)
    {
        string ns = NamespaceOf(about) is { Length: > 0 } own ? own : "default", uid = about.Text("metadata", "uid") ?? "";
        byte[] identity = SHA256.HashData(Encoding.UTF8.GetBytes($"{uid}\n{reason}\n{message}"));
        string name = $"{NameOf(about)}.{Convert.ToHexStringLower(identity.AsSpan(0, 8))}", now = Json.Now();
        try
        {
            if (Get(Events, ns, name) is not null)
            {
                Update(Events, ns, name, live =>
                {
                    live["count"] = (live.Number("count") ?? 1) + 1;
                    live["lastTimestamp"] = now;
                }, manager: component);
                return;
            }

            Create(Events, ns, new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = about.Text("apiVersion"),
                    ["kind"] = about.Text("kind"),
                    ["name"] = NameOf(about),
                    ["namespace"] = NamespaceOf(about),
                    ["uid"] = uid,
                },
                ["type"] = type,
                ["reason"] = reason,
                ["message"] = message,
                ["source"] = new JsonObject { ["component"] = component },
                ["firstTimestamp"] = now,
                ["lastTimestamp"] = now,
                ["count"] = 1,
            }, component);
        }
        catch (ApiError)
        {
            // Its namespace is going away, and nobody will read it: a controller goes on without.
        }
    }

    /// <summary>The object that controls another, as far as an event about it has to know it; null where none does.</summary>
    public static JsonObject? OwnerOf(JsonObject node) => node.Items("metadata", "ownerReferences").FirstOrDefault(owner => owner.Flag("controller")) is { } owner
        ? new JsonObject
        {
            ["apiVersion"] = owner.Text("apiVersion"),
            ["kind"] = owner.Text("kind"),
            ["metadata"] = new JsonObject { ["name"] = owner.Text("name"), ["namespace"] = NamespaceOf(node), ["uid"] = owner.Text("uid") },
        }
        : null;

    /// <summary>Deletes an object if it is there.</summary>
    public void Delete(string shelf, string ns, string name, string? uid = null, long? grace = null, string? propagation = "Background")
    {
        try
        {
            objects.Delete(Kind(shelf), ns, name, new DeletionOptions { Uid = uid, GraceSeconds = grace, Propagation = propagation });
        }
        catch (ApiError error) when (error.Code is 404 or 409)
        {
            // Gone, or another one by now.
        }
    }

    /// <summary>The objects that an owner controls; orphans that its selector matches are adopted, those it no longer matches let go.</summary>
    public List<JsonObject> Claim(string shelf, JsonObject owner, LabelSelector? selector)
    {
        List<JsonObject> claimed = [];
        string uid = owner.Text("metadata", "uid")!;
        bool isDeleting = owner.Text("metadata", "deletionTimestamp") is not null;
        foreach (StoredObject stored in List(shelf, NamespaceOf(owner)))
        {
            bool owned = stored.OwnerUids.Contains(uid), matches = selector?.Matches(stored.Labels) == true;
            if (owned && (matches || selector is null))
            {
                claimed.Add(stored.Parse());
            }
            else if (owned && !isDeleting)
            {
                Update(shelf, stored.Namespace, stored.Name, live => DropOwner(live, uid));
            }
            else if (matches && !isDeleting && !stored.IsDeleting && !ControllerOf(stored))
            {
                claimed.Add(Update(shelf, stored.Namespace, stored.Name, live =>
                    live.Ensure("metadata").EnsureList("ownerReferences").Add(Reference(owner))));
            }
        }

        return claimed;
    }

    public static void DropOwner(JsonObject node, string uid)
    {
        JsonObject metadata = node.Ensure("metadata");
        JsonArray left = [.. metadata.Items("ownerReferences").Where(owner => owner.Text("uid") != uid).Select(owner => owner.DeepClone())];
        metadata.Remove("ownerReferences");
        if (left.Count > 0)
        {
            metadata["ownerReferences"] = left;
        }
    }

    public static void DropFinalizer(JsonObject node, string finalizer)
    {
        JsonObject metadata = node.Ensure("metadata");
        JsonArray left = Json.List(metadata.Texts("finalizers").Where(name => name != finalizer));
        metadata.Remove("finalizers");
        if (left.Count > 0)
        {
            metadata["finalizers"] = left;
        }
    }

    public static JsonObject Reference(JsonObject owner) => new()
    {
        ["apiVersion"] = owner.Text("apiVersion"),
        ["kind"] = owner.Text("kind"),
        ["name"] = NameOf(owner),
        ["uid"] = owner.Text("metadata", "uid"),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static string NameOf(JsonObject node) => node.Text("metadata", "name") ?? "";

    public static string NamespaceOf(JsonObject node) => node.Text("metadata", "namespace") ?? "";

    /// <summary>Sets a condition; its transition time changes only with its status.</summary>
    public static void SetCondition(JsonObject status, JsonNode? before, string type, bool? value, string reason, string message, bool hasUpdateTime = false)
    {
        JsonObject? old = before.Items("conditions").FirstOrDefault(condition => condition.Text("type") == type);
        string text = value is null ? "Unknown" : value == true ? "True" : "False", now = Json.Now();
        JsonObject condition = new() { ["type"] = type, ["status"] = text };
        if (hasUpdateTime)
        {
            bool isSame = old.Text("status") == text && old.Text("reason") == reason && old.Text("message") == message;
            condition["lastUpdateTime"] = isSame ? old!.Text("lastUpdateTime") ?? now : now;
        }

        condition["lastTransitionTime"] = old.Text("status") == text ? old!.Text("lastTransitionTime") ?? now : now;
        condition["reason"] = reason;
        condition["message"] = message;
        JsonArray all = status.EnsureList("conditions");
        if (old is not null && all.FirstOrDefault(item => item.Text("type") == type) is { } there && there.Text("status") == text && there.Text("reason") == reason)
        {
            // Nothing to tell: it keeps its place.
            all[all.IndexOf(there)] = condition;
            return;
        }

        RemoveCondition(status, type);
        all.Add(condition);
    }

    public static void RemoveCondition(JsonObject status, string type)
    {
        JsonArray all = status.EnsureList("conditions");
        for (int i = all.Count - 1; i >= 0; i--)
        {
            if (all[i].Text("type") == type)
            {
                all.RemoveAt(i);
            }
        }
    }

    private static bool ControllerOf(StoredObject stored) =>
        stored.OwnerUids.Count > 0 && stored.Parse().Items("metadata", "ownerReferences").Any(owner => owner.Flag("controller"));
}
