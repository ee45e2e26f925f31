using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>Schemas of kinds, from the module's own table, from OpenAPI documents and from CustomResourceDefinitions. What was added first counts.</summary>
internal sealed class SchemaLibrary
{
    private readonly Dictionary<(string ApiVersion, string Kind), Lazy<SchemaNode?>> kinds = [];

    /// <summary>All kinds that it knows.</summary>
    public IEnumerable<(string ApiVersion, string Kind)> Kinds => kinds.Keys;

    /// <summary>Whether a kind is known.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="schema">Its schema; null where nothing is known of its fields.</param>
    /// <returns>True if it is.</returns>
    public bool TryFind(string apiVersion, string kind, out SchemaNode? schema)
    {
        bool known = kinds.TryGetValue((apiVersion, kind), out Lazy<SchemaNode?>? found);
        schema = found?.Value;
        return known;
    }

    /// <summary>Adds a kind whose schema is made when it is asked for.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="schema">Makes it.</param>
    public void Add(string apiVersion, string kind, Func<SchemaNode?> schema) => kinds.TryAdd((apiVersion, kind), new Lazy<SchemaNode?>(schema));

    /// <summary>Adds the kinds of Kubernetes itself, from the module's table.</summary>
    public void AddTable()
    {
        foreach ((string apiVersion, string kind, SchemaNode? schema) in TableSchemas.Kinds)
        {
            Add(apiVersion, kind, () => schema);
        }
    }

    /// <summary>Adds the kinds of an OpenAPI document.</summary>
    /// <param name="schemas">Its <c>components.schemas</c>, or the <c>definitions</c> of version 2.</param>
    public void AddDocument(JsonObject schemas)
    {
        OpenApiSchemas read = new(schemas);
        foreach ((string name, JsonNode? value) in schemas)
        {
            foreach (JsonObject kind in (value as JsonObject)?.Objects("x-kubernetes-group-version-kind") ?? [])
            {
                string group = kind.Text("group") ?? "", version = kind.Text("version") ?? "";
                Add(group.Length == 0 ? version : $"{group}/{version}", kind.Text("kind") ?? "", () => read.Named(name));
            }
        }
    }

    /// <summary>Adds the kind of a CustomResourceDefinition, of both its versions.</summary>
    /// <param name="definition">The definition.</param>
    public void AddDefinition(JsonObject definition)
    {
        JsonObject spec = definition.Object("spec") ?? [];
        if (spec.Text("group") is not { } group || spec.Object("names")?.Text("kind") is not { } kind)
        {
            return;
        }

        // v1beta1 had one version and one schema for all.
        IEnumerable<(string? Version, JsonObject? Schema)> versions = spec["versions"] is JsonArray
            ? spec.Objects("versions").Select(version => (version.Text("name"), (version.Object("schema") ?? spec.Object("validation"))?.Object("openAPIV3Schema")))
            : [(spec.Text("version"), spec.Object("validation")?.Object("openAPIV3Schema"))];
        bool keepsUnknown = spec.Flag("preserveUnknownFields") || (definition.Text("apiVersion") == "apiextensions.k8s.io/v1beta1" && spec["preserveUnknownFields"] is null);
        foreach ((string? version, JsonObject? schema) in versions)
        {
            Add($"{group}/{version}", kind, () => schema is null ? null : OpenApiSchemas.Root(schema, keepsUnknown));
        }
    }
}
