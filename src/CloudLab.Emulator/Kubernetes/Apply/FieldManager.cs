using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>Keeps track of who owns which field, and does server-side apply.</summary>
internal static class FieldManager
{
    private static readonly string[][] NeverOwned =
    [
        ["f:apiVersion"], ["f:kind"], ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:metadata", "f:creationTimestamp"],
        ["f:metadata", "f:selfLink"], ["f:metadata", "f:uid"], ["f:metadata", "f:generation"], ["f:metadata", "f:managedFields"],
        ["f:metadata", "f:resourceVersion"], ["f:metadata", "f:deletionTimestamp"], ["f:metadata", "f:deletionGracePeriodSeconds"],
    ];

    /// <summary>Writes into the new state who owns what after a create, update or patch.</summary>
    /// <param name="kind">The kind, in the version of the request.</param>
    /// <param name="live">What was there; null for a new object.</param>
    /// <param name="node">What will be there; its managedFields are what the client sent.</param>
    /// <param name="manager">Who changes it.</param>
    /// <param name="subresource">Part that is changed; empty for the object itself.</param>
    public static void Update(ResourceKind kind, JsonObject? live, JsonObject node, string manager, string subresource)
    {
        ManagedFields owners = (live is not null && subresource.Length > 0 ? null : ManagedFields.Read(node))
            ?? (ManagedFields.IsReset(node) && subresource.Length == 0 ? new ManagedFields() : live is null ? null : ManagedFields.Read(live))
            ?? new ManagedFields();
        JsonObject before = live is null ? Skeleton(kind) : Bare(live), after = Bare(node);
        Comparison comparison = TypedValues.Compare(before, after, kind.Shape);
        FieldSet changed = Owned(comparison.Added.Union(comparison.Modified), kind, subresource);
        foreach ((ManagerId id, Owner owner) in owners.Owners.ToList())
        {
            Keep(owners, id, owner with { Fields = owner.Fields.Except(changed).Except(comparison.Removed) });
        }

        if (!changed.IsEmpty)
        {
            ManagerId self = new(manager, "Update", kind.ApiVersion, subresource);
            FieldSet fields = owners.Owners.TryGetValue(self, out Owner? there) ? there.Fields.Union(changed) : changed;
            owners.Owners[self] = new Owner(fields, kind.ApiVersion, Json.Now());
        }

        owners.Write(node);
    }

    /// <summary>Applies a configuration.</summary>
    /// <param name="kind">The kind, in the version of the request.</param>
    /// <param name="live">What is there; null for a new object.</param>
    /// <param name="applied">What the manager wants.</param>
    /// <param name="manager">Who applies.</param>
    /// <param name="force">True to take fields from their owners.</param>
    /// <param name="subresource">Part that is applied; empty for the object itself.</param>
    /// <returns>The new state with its managedFields. Throws the conflict if there is one and force is not given.</returns>
    public static JsonObject Apply(ResourceKind kind, JsonObject? live, JsonObject applied, string manager, bool force, string subresource)
    {
        ManagedFields owners = (live is null ? null : ManagedFields.Read(live)) ?? new ManagedFields();
        JsonObject before = live is null ? [] : Bare(live);
        ManagerId self = ManagerId.Applier(manager, subresource);
        Owner? last = owners.Owners.GetValueOrDefault(self);
        FieldSet named = TypedValues.FieldsOf(applied, kind.Shape), fields = Owned(named, kind, subresource);
        JsonObject merged = (JsonObject)TypedValues.Merge(before, applied, kind.Shape)!;

        // What this manager applied before and no longer wants, and no other manager owns, goes.
        if (last is not null)
        {
            // The name it gives keeps the metadata as such.
            FieldSet kept = named.WithNamedParents();
            foreach ((ManagerId id, Owner owner) in owners.Owners)
            {
                if (id != self)
                {
                    kept = kept.Union(owner.Fields.WithNamedParents());
                }
            }

            TypedValues.Remove(merged, last.Fields.WithNamedParents().Except(kept), kind.Shape);
        }

        Comparison comparison = TypedValues.Compare(before, merged, kind.Shape);
        FieldSet changed = comparison.Added.Union(comparison.Modified);
        List<(ManagerId Id, FieldSet Fields)> conflicts = [];
        foreach ((ManagerId id, Owner owner) in owners.Owners)
        {
            if (id != self && owner.Fields.Intersect(changed) is { IsEmpty: false } taken)
            {
                conflicts.Add((id, taken));
            }
        }

        if (conflicts.Count > 0 && !force)
        {
            throw ApplyConflict.Error(conflicts);
        }

        foreach ((ManagerId id, Owner owner) in owners.Owners.ToList())
        {
            if (id != self)
            {
                Keep(owners, id, owner with { Fields = owner.Fields.Except(changed).Except(comparison.Removed) });
            }
        }

        Keep(owners, self, new Owner(fields, kind.ApiVersion, comparison.IsSame ? last?.Time : Json.Now()));
        owners.Write(merged);
        return merged;
    }

    private static void Keep(ManagedFields owners, ManagerId id, Owner owner)
    {
        if (owner.Fields.IsEmpty)
        {
            owners.Owners.Remove(id);
        }
        else
        {
            owners.Owners[id] = owner;
        }
    }

    private static JsonObject Bare(JsonObject node)
    {
        JsonObject bare = node.Copy();
        bare.Object("metadata")?.Remove("managedFields");
        return bare;
    }

    private static FieldSet Owned(FieldSet fields, ResourceKind kind, string subresource)
    {
        foreach (string[] path in NeverOwned)
        {
            fields = fields.Without(path);
        }

        if (subresource.Length == 0 && kind.HasStatus)
        {
            fields = fields.Without("f:status");
        }
        else if (subresource == "status")
        {
            fields = fields.Without("f:spec");
        }

        return fields;
    }

    /// <summary>An object as it is before anything is set: with the parts that are always there.</summary>
    private static JsonObject Skeleton(ResourceKind kind)
    {
        JsonObject node = Fill(kind.Shape.Type, 0);
        node["metadata"] = new JsonObject();
        return node;
    }

    private static JsonObject Fill(TypeSchema? type, int depth)
    {
        JsonObject node = [];
        foreach (FieldSchema field in depth > 16 ? [] : type?.Fields.Values.ToArray() ?? [])
        {
            if (field.IsValue && field.Shape.Kind == ShapeKind.Object)
            {
                node[field.Name] = Fill(field.Shape.Type, depth + 1);
            }
            else if (Normalizer.Zero(field, out JsonNode? zero))
            {
                node[field.Name] = zero;
            }
        }

        return node;
    }
}
