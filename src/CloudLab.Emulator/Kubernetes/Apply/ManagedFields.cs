using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>Who a set of fields belongs to. An applier is the same whatever version it applies in.</summary>
internal readonly record struct ManagerId(string Manager, string Operation, string ApiVersion, string Subresource)
{
    public bool IsApply => Operation == "Apply";

    public static ManagerId Applier(string manager, string subresource) => new(manager, "Apply", "", subresource);
}

/// <summary>The owners of an object's fields: <c>metadata.managedFields</c>.</summary>
internal sealed class ManagedFields
{
    private const int MaxUpdaters = 10;

    public Dictionary<ManagerId, Owner> Owners { get; } = [];

    /// <summary>Reads the owners; null if the list is not there or empty.</summary>
    public static ManagedFields? Read(JsonObject node)
    {
        ManagedFields fields = new();
        foreach (JsonObject entry in node.Items("metadata", "managedFields"))
        {
            if (entry.Text("operation") is not { } operation)
            {
                continue;
            }

            string apiVersion = entry.Text("apiVersion") ?? "";
            ManagerId id = new(entry.Text("manager") ?? "", operation, operation == "Apply" ? "" : apiVersion, entry.Text("subresource") ?? "");
            fields.Owners[id] = new Owner(FieldSet.FromJson(entry["fieldsV1"]), apiVersion, entry.Text("time"));
        }

        return fields.Owners.Count == 0 ? null : fields;
    }

    /// <summary>Whether a client asks to forget all owners: a list with one empty entry.</summary>
    public static bool IsReset(JsonObject node) =>
        node.At("metadata", "managedFields") is JsonArray { Count: > 0 } list && list[0] is JsonObject { Count: 0 };

    public ManagedFields Copy()
    {
        ManagedFields copy = new();
        foreach ((ManagerId id, Owner owner) in Owners)
        {
            copy.Owners[id] = owner;
        }

        return copy;
    }

    public bool Same(ManagedFields? other) =>
        other is not null && Owners.Count == other.Owners.Count
        && Owners.All(pair => other.Owners.TryGetValue(pair.Key, out Owner? there) && there.Fields.Same(pair.Value.Fields) && there.ApiVersion == pair.Value.ApiVersion);

    /// <summary>Writes the owners into the object.</summary>
    public void Write(JsonObject node)
    {
        JsonObject metadata = node.Ensure("metadata");
        metadata.Remove("managedFields");
        if (Owners.Count == 0)
        {
            return;
        }

        Cap();
        JsonArray list = [];
        foreach ((ManagerId id, Owner owner) in Owners
            .OrderBy(pair => pair.Key.Operation, StringComparer.Ordinal).ThenBy(pair => pair.Value.Time, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.Manager, StringComparer.Ordinal).ThenBy(pair => pair.Value.ApiVersion, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.Subresource, StringComparer.Ordinal))
        {
            JsonObject entry = new()
            {
                ["manager"] = id.Manager,
                ["operation"] = id.Operation,
                ["apiVersion"] = owner.ApiVersion,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = owner.Fields.ToJson(),
            };
            if (owner.Time is not null)
            {
                entry["time"] = owner.Time;
            }

            if (id.Subresource.Length > 0)
            {
                entry["subresource"] = id.Subresource;
            }

            list.Add(entry);
        }

        metadata["managedFields"] = list;
    }

    /// <summary>The oldest updaters become one when there are too many.</summary>
    private void Cap()
    {
        List<KeyValuePair<ManagerId, Owner>> updaters = [.. Owners.Where(pair => !pair.Key.IsApply && pair.Key.Subresource.Length == 0)
            .OrderBy(pair => pair.Value.Time, StringComparer.Ordinal)];
        foreach ((ManagerId id, Owner owner) in updaters.Take(Math.Max(0, updaters.Count - MaxUpdaters)))
        {
            ManagerId ancient = new("ancient-changes", "Update", id.ApiVersion, "");
            if (id == ancient)
            {
                continue;
            }

            Owners.Remove(id);
            Owners[ancient] = Owners.TryGetValue(ancient, out Owner? there) ? owner with { Fields = there.Fields.Union(owner.Fields) } : owner;
        }
    }
}

/// <summary>What belongs to one manager.</summary>
internal sealed record Owner(FieldSet Fields, string ApiVersion, string? Time);
