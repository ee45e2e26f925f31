using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Apply;
using CloudLab.Emulator.Kubernetes.Defaults;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;
using CloudLab.Emulator.Kubernetes.Store;
using CloudLab.Emulator.Kubernetes.Validation;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>Creates, changes and deletes objects, with all that goes along: defaults, checks, generations, owners of fields, finalizers.</summary>
internal sealed class ObjectService(ObjectStore store, ResourceRegistry registry)
{
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    public ObjectStore Store => store;

    public ResourceRegistry Registry => registry;

    /// <summary>An ending as the real server gives generated names.</summary>
    public static string RandomSuffix(int length) => RandomNumberGenerator.GetString(NameAlphabet, length);

    /// <summary>An object in the version asked for; null if it is not there.</summary>
    public JsonObject? Get(ResourceKind kind, string ns, string name) =>
        store.Get(kind.StorageKey, ns, name) is { } stored ? View(kind, stored) : null;

    /// <summary>A stored object in the version asked for.</summary>
    public JsonObject View(ResourceKind kind, StoredObject stored) => Conversion.FromStored(kind, registry.Stored(kind), stored.Parse());

    /// <summary>Creates an object.</summary>
    /// <param name="kind">Its kind, in the version of the request.</param>
    /// <param name="ns">Namespace of the request; empty for cluster-wide kinds.</param>
    /// <param name="body">The object.</param>
    /// <param name="options">How.</param>
    /// <returns>What was created.</returns>
    public JsonObject Create(ResourceKind kind, string ns, JsonObject body, WriteOptions options)
    {
        JsonObject node = body.Copy();
        JsonObject metadata = node.Ensure("metadata");
        CheckNamespace(kind, ns, metadata);
        if (metadata.Text("resourceVersion") is { Length: > 0 })
        {
            throw ApiError.BadRequest("resourceVersion should not be set on objects to be created");
        }

        metadata.Remove("resourceVersion");
        string? prefix = metadata.Text("generateName");
        bool isGenerated = string.IsNullOrEmpty(metadata.Text("name")) && !string.IsNullOrEmpty(prefix);
        if (isGenerated)
        {
            metadata["name"] = prefix![..Math.Min(prefix!.Length, 58)] + RandomSuffix(5);
        }

        lock (store.Gate)
        {
            string name = metadata.Text("name") ?? "";
            RequireNamespace(kind, ns, name);
            if (name.Length > 0 && store.Get(kind.StorageKey, ns, name) is not null)
            {
                throw ApiError.Exists(kind, name);
            }

            ManagedFieldsGuard(node);
            if (kind.HasStatus && !KeepsStatusOnCreate(kind))
            {
                node.Remove("status");
            }

            return Insert(kind, node, options, manage: true);
        }
    }

    /// <summary>Changes an object.</summary>
    /// <param name="kind">Its kind, in the version of the request.</param>
    /// <param name="ns">Namespace of the request.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Makes the new state of the live one, a copy that it may change.</param>
    /// <param name="options">How.</param>
    /// <returns>The new state.</returns>
    public JsonObject Update(ResourceKind kind, string ns, string name, Func<JsonObject, JsonObject> change, WriteOptions options)
    {
        lock (store.Gate)
        {
            JsonObject live = Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name);
            JsonObject next = change(live.Copy());
            return Write(kind, live, next, options, manage: true);
        }
    }

    /// <summary>Replaces an object by one that a client sent.</summary>
    public JsonObject Replace(ResourceKind kind, string ns, string name, JsonObject body, WriteOptions options)
    {
        JsonObject metadata = body.Ensure("metadata");
        CheckNamespace(kind, ns, metadata);
        if (metadata.Text("name") is not { Length: > 0 } given)
        {
            metadata["name"] = name;
        }
        else if (given != name)
        {
            throw ApiError.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})");
        }

        return Update(kind, ns, name, live =>
        {
            if (metadata.Text("uid") is { Length: > 0 } uid && uid != live.Text("metadata", "uid"))
            {
                throw ApiError.Conflict(kind, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Text("metadata", "uid")}");
            }

            if (kind.IsCustom && string.IsNullOrEmpty(metadata.Text("resourceVersion")))
            {
                throw ApiError.Unversioned(kind, name);
            }

            return body.Copy();
        }, options);
    }

    /// <summary>Server-side apply: creates the object or changes it.</summary>
    /// <returns>The new state, and whether it is new.</returns>
    public (JsonObject Node, bool IsNew) Apply(ResourceKind kind, string ns, string name, JsonObject applied, bool force, WriteOptions options)
    {
        JsonObject metadata = applied.Ensure("metadata");
        CheckNamespace(kind, ns, metadata);
        if (metadata.Text("name") is not { Length: > 0 } given)
        {
            metadata["name"] = name;
        }
        else if (given != name)
        {
            throw ApiError.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})");
        }

        if (metadata["managedFields"] is not null)
        {
            throw ApiError.BadRequest("metadata.managedFields must be nil");
        }

        lock (store.Gate)
        {
            JsonObject? live = Get(kind, ns, name);
            if (live is null)
            {
                if (options.Subresource.Length > 0)
                {
                    throw ApiError.NotFound(kind, name);
                }

                RequireNamespace(kind, ns, name);
                if (metadata.Text("uid") is { Length: > 0 } uid)
                {
                    throw ApiError.Conflict(kind, name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                }

                JsonObject node = FieldManager.Apply(kind, null, applied, options.Manager, force, options.Subresource);
                return (Insert(kind, node, options, manage: false), true);
            }

            if (metadata.Text("resourceVersion") is { Length: > 0 } version && version != live.Text("metadata", "resourceVersion"))
            {
                throw ApiError.Stale(kind, name);
            }

            JsonObject merged = FieldManager.Apply(kind, live, applied, options.Manager, force, options.Subresource);
            return (Write(kind, live, merged, options, manage: false), false);
        }
    }

    /// <summary>Deletes an object, or begins to.</summary>
    /// <returns>Its last state, and whether it is gone.</returns>
    public (JsonObject Node, bool IsGone) Delete(ResourceKind kind, string ns, string name, DeletionOptions options)
    {
        lock (store.Gate)
        {
            JsonObject node = Get(kind, ns, name) ?? throw ApiError.NotFound(kind, name);
            JsonObject metadata = node.Ensure("metadata");
            if (options.Uid is { } uid && uid != metadata.Text("uid"))
            {
                throw ApiError.Precondition(kind, name,
                    $"the UID in the precondition ({uid}) does not match the UID in record ({metadata.Text("uid")}). The object might have been deleted and then recreated");
            }

            if (options.ResourceVersion is { } version && version != metadata.Text("resourceVersion"))
            {
                throw ApiError.Precondition(kind, name,
                    $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({metadata.Text("resourceVersion")}). The object might have been modified");
            }

            bool isNamespace = kind.StorageKey == "/namespaces";
            if (isNamespace && (name is "default" or "kube-system" or "kube-public"))
            {
                throw ApiError.Forbidden(kind, name, "this namespace may not be deleted");
            }

            List<string> finalizers = [.. metadata.Texts("finalizers").Where(f => f is not ("orphan" or "foregroundDeletion"))];
            if (options.Propagation is "Orphan")
            {
                finalizers.Add("orphan");
            }
            else if (options.Propagation is "Foreground")
            {
                finalizers.Add("foregroundDeletion");
            }
            else if (options.Propagation is null)
            {
                finalizers = [.. metadata.Texts("finalizers")];
            }

            long grace = GraceOf(kind, node, options.GraceSeconds);
            bool isDeleting = metadata.Text("deletionTimestamp") is not null;
            bool waits = finalizers.Count > 0 || grace > 0 || (isNamespace && node.Texts("spec", "finalizers").Any());
            if (!waits)
            {
                if (!options.DryRun)
                {
                    store.Remove(kind.StorageKey, ns, name);
                }

                return (node, true);
            }

            long? before = metadata.Number("deletionGracePeriodSeconds");
            if (!isDeleting || (before is { } seconds && grace < seconds) || !finalizers.SequenceEqual(metadata.Texts("finalizers")))
            {
                if (!isDeleting)
                {
                    metadata["deletionTimestamp"] = Json.Time(DateTimeOffset.UtcNow.AddSeconds(grace));
                    if (kind.HasGeneration && metadata.Number("generation") is { } generation)
                    {
                        metadata["generation"] = generation + 1;
                    }
                }

                metadata["deletionGracePeriodSeconds"] = Math.Min(grace, before ?? grace);
                metadata.Remove("finalizers");
                if (finalizers.Count > 0)
                {
                    metadata["finalizers"] = Json.List(finalizers);
                }

                if (isNamespace)
                {
                    node.Ensure("status")["phase"] = "Terminating";
                }

                if (!options.DryRun)
                {
                    Keep(kind, node);
                }
            }

            return (node, false);
        }
    }

    private static bool KeepsStatusOnCreate(ResourceKind kind) => kind.StorageKey is "/nodes" or "/persistentvolumes";

    private static void CheckNamespace(ResourceKind kind, string ns, JsonObject metadata)
    {
        if (!kind.IsNamespaced)
        {
            if (metadata.Text("namespace") is { Length: > 0 })
            {
                throw ApiError.BadRequest("namespace must not be provided for cluster-scoped resources");
            }

            metadata.Remove("namespace");
            return;
        }

        if (metadata.Text("namespace") is not { Length: > 0 } given)
        {
            metadata["namespace"] = ns;
        }
        else if (given != ns)
        {
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    private static void ManagedFieldsGuard(JsonObject node)
    {
        JsonObject metadata = node.Ensure("metadata");
        foreach (string name in (string[])["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"])
        {
            metadata.Remove(name);
        }
    }

    private static long GraceOf(ResourceKind kind, JsonObject node, long? asked)
    {
        if (kind.StorageKey != "/pods")
        {
            return 0;
        }

        // A pod that never ran, or has run its course, needs no time to stop.
        if (node.Text("spec", "nodeName") is not { Length: > 0 } || node.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return 0;
        }

        return Math.Max(0, asked ?? node.Number("spec", "terminationGracePeriodSeconds") ?? 30);
    }

    private void RequireNamespace(ResourceKind kind, string ns, string name)
    {
        if (!kind.IsNamespaced)
        {
            return;
        }

        if (store.Get("/namespaces", "", ns) is not { } stored)
        {
            throw ApiError.NotFound("", "namespaces", ns);
        }

        if (stored.Parse().Text("metadata", "deletionTimestamp") is not null)
        {
            ApiError error = ApiError.Forbidden(kind, name, $"unable to create new content in namespace {ns} because it is being terminated");
            error.Details!["causes"] = new JsonArray(new JsonObject
            {
                ["reason"] = "NamespaceTerminating",
                ["message"] = $"namespace {ns} is being terminated",
                ["field"] = "metadata.namespace",
            });
            throw error;
        }
    }

    private JsonObject Insert(ResourceKind kind, JsonObject node, WriteOptions options, bool manage)
    {
        JsonObject metadata = node.Ensure("metadata");
        string name = metadata.Text("name") ?? "";
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Json.Now();
        if (kind.HasGeneration)
        {
            metadata["generation"] = 1;
        }

        Admission.Read(kind, node);
        Complete(kind, node);
        if (manage)
        {
            // Whoever creates owns what it sent and the defaults, not what the server makes of it.
            FieldManager.Update(kind, null, node, options.Manager, options.Subresource);
        }

        QuotaAdmission.Fill(store, kind, node);
        Admission.BeforeCreate(kind, node);
        Admission.Classify(store, kind, node);
        Complete(kind, node);
        List<FieldError> errors = Validator.Check(kind, node, null);
        if (errors.Count > 0)
        {
            throw ApiError.Invalid(kind, name, errors);
        }

        QuotaAdmission.Check(store, kind, node);
        ServiceAllocator.Allocate(store, kind, node, null);
        return options.DryRun ? node : Keep(kind, node);
    }

    private JsonObject Write(ResourceKind kind, JsonObject live, JsonObject next, WriteOptions options, bool manage)
    {
        JsonObject was = live.Object("metadata")!, metadata = next.Ensure("metadata");
        string name = was.Text("name")!, ns = was.Text("namespace") ?? "";
        if (metadata.Text("resourceVersion") is { Length: > 0 } version && version != was.Text("resourceVersion"))
        {
            throw ApiError.Stale(kind, name);
        }

        if (options.Subresource == "status")
        {
            JsonNode? owners = metadata["managedFields"]?.DeepClone();
            JsonObject whole = live.Copy();
            if (!kind.IsCustom && metadata["annotations"] is { } annotations)
            {
                whole["metadata"]!["annotations"] = annotations.DeepClone();
            }

            whole["status"] = next["status"]?.DeepClone();
            if (whole["status"] is null)
            {
                whole.Remove("status");
            }

            next = whole;
            metadata = next.Ensure("metadata");
            if (owners is not null)
            {
                metadata["managedFields"] = owners;
            }
        }
        else if (kind.HasStatus && (options.Subresource is "" or "scale"))
        {
            next.Remove("status");
            if (live["status"] is { } status)
            {
                next["status"] = status.DeepClone();
            }
        }

        foreach (string fixedName in (string[])["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "selfLink"])
        {
            metadata.Remove(fixedName);
            if (was[fixedName] is { } value)
            {
                metadata[fixedName] = value.DeepClone();
            }
        }

        Admission.Read(kind, next);
        Admission.BeforeUpdate(kind, live, next);
        Complete(kind, next);
        if (options.Subresource is "" or "scale")
        {
            List<FieldError> errors = Validator.Check(kind, next, live);
            if (errors.Count > 0)
            {
                throw ApiError.Invalid(kind, name, errors);
            }

            ServiceAllocator.Allocate(store, kind, next, live);
        }

        if (kind.HasGeneration && !SameBut(live, next, kind.HasStatus ? "status" : ""))
        {
            metadata["generation"] = (was.Number("generation") ?? 0) + 1;
        }

        if (manage)
        {
            FieldManager.Update(kind, live, next, options.Manager, options.Subresource);
        }

        if (IsUnchanged(live, next))
        {
            return live;
        }

        if (options.DryRun)
        {
            return next;
        }

        bool isGone = metadata.Text("deletionTimestamp") is not null && !metadata.Texts("finalizers").Any()
            && (metadata.Number("deletionGracePeriodSeconds") ?? 0) == 0
            && (kind.StorageKey != "/namespaces" || !next.Texts("spec", "finalizers").Any());
        if (isGone)
        {
            store.Remove(kind.StorageKey, ns, name, Conversion.ToStored(kind, registry.Stored(kind), next));
            return next;
        }

        return Keep(kind, next);
    }

    private JsonObject Keep(ResourceKind kind, JsonObject node)
    {
        ResourceKind stored = registry.Stored(kind);
        JsonObject kept = Conversion.ToStored(kind, stored, node);
        store.Put(kind.StorageKey, kept);
        if (!ReferenceEquals(kept, node))
        {
            node["metadata"]!["resourceVersion"] = kept.Text("metadata", "resourceVersion");
        }

        return node;
    }

    private static void Complete(ResourceKind kind, JsonObject node)
    {
        List<string> ignored = [];
        Normalizer.Prune(node, kind.Shape, ignored);
        if (!kind.IsCustom)
        {
            Normalizer.DropEmpty(node, kind.Shape);
        }

        Normalizer.Fill(node, kind.Shape);
        KindDefaults.Set(kind, node);
        Normalizer.Fill(node, kind.Shape);
        node.PutFirst("apiVersion", "kind", "metadata");
    }

    /// <summary>Whether all but the metadata and one further part is the same.</summary>
    private static bool SameBut(JsonObject a, JsonObject b, string part)
    {
        static JsonObject Rest(JsonObject node, string part)
        {
            JsonObject copy = node.Copy();
            copy.Remove("metadata");
            copy.Remove(part);
            return copy;
        }

        return Json.Same(Rest(a, part), Rest(b, part));
    }

    private static bool IsUnchanged(JsonObject live, JsonObject next)
    {
        static JsonObject Rest(JsonObject node)
        {
            JsonObject copy = node.Copy();
            copy.Object("metadata")?.Remove("managedFields");
            return copy;
        }

        ManagedFields before = ManagedFields.Read(live) ?? new ManagedFields(), after = ManagedFields.Read(next) ?? new ManagedFields();
        return before.Same(after) && Json.Same(Rest(live), Rest(next));
    }
}
