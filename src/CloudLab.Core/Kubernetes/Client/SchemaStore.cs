using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Describes the fields of kinds from the cluster's OpenAPI v3 documents, which are kept on disk under the hash that the server gives them.</summary>
/// <param name="api">The cluster.</param>
public sealed class SchemaStore(KubernetesApi api)
{
    private const string Refs = "#/components/schemas/";
    private static readonly ConditionalWeakTable<KubernetesApi, ConcurrentDictionary<string, JsonObject>> Documents = [];

    /// <summary>A field and the fields in it.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="path">The field: <c>spec.strategy</c>; empty for the object itself.</param>
    /// <param name="recurse">All fields below it, not only those directly in it.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>The field itself, unless it is the object, and then those in it. Throws <see cref="LabException"/> (<c>FieldNotFound</c>) where there is none.</returns>
    public async Task<IReadOnlyList<LabKindField>> FieldsAsync(ApiResource resource, string path, bool recurse, CancellationToken cancellation)
    {
        JsonObject schemas = await SchemasAsync(resource.ApiVersion, cancellation)
            ?? throw new LabException(LabErrorKind.NotSupported, "NoSchema", $"The cluster does not describe the fields of {resource.ApiVersion}.");
        JsonObject schema = schemas.Select(entry => entry.Value).OfType<JsonObject>().FirstOrDefault(entry => IsOf(entry, resource))
            ?? throw new LabException(LabErrorKind.NotFound, "NoSchema", $"The cluster describes no fields of {resource.Name}.");
        List<LabKindField> found = [];
        string at = "";
        foreach (string name in path.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('[')[0]))
        {
            JsonObject fields = Fields(schemas, schema);
            string? known = fields.ContainsKey(name) ? name : fields.Select(entry => entry.Key).FirstOrDefault(key => key.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (known is null)
            {
                string near = NearestNames.Find(name, fields.Select(entry => entry.Key)) is { } like ? $"did you mean '{like}'?"
                    : fields.Count == 0 ? "it has no fields."
                    : $"it has {SomeOf.Names(fields.Select(entry => entry.Key), 12)}.";
                throw new LabException(
                    LabErrorKind.NotFound, "FieldNotFound",
                    $"{(at.Length == 0 ? resource.Name : $"{at} of {resource.Name}")} has no field '{name}': {near}") { Target = path };
            }

            bool required = Inner(schemas, schema).Texts("required").Contains(known);
            at = at.Length == 0 ? known : $"{at}.{known}";
            schema = (JsonObject)fields[known]!;
            found = [Describe(schemas, resource, at, schema, required)];
        }

        AddFields(found, schemas, resource, at, schema, recurse, []);
        return found;
    }

    private static void AddFields(
        List<LabKindField> found, JsonObject schemas, ApiResource resource, string path, JsonObject schema, bool recurse, HashSet<string> under)
    {
        JsonObject inner = Inner(schemas, schema);
        IReadOnlyList<string> required = inner.Texts("required");
        foreach ((string name, JsonNode? value) in inner.Object("properties") ?? [])
        {
            if (value is not JsonObject field)
            {
                continue;
            }

            string at = path.Length == 0 ? name : $"{path}.{name}";
            found.Add(Describe(schemas, resource, at, field, required.Contains(name)));
            string type = Reference(Item(schemas, field)) ?? "";
            // A schema can contain itself (JSONSchemaProps).
            if (recurse && (type.Length == 0 || under.Add(type)))
            {
                AddFields(found, schemas, resource, at, field, recurse, under);
                under.Remove(type);
            }
        }
    }

    private static LabKindField Describe(JsonObject schemas, ApiResource resource, string path, JsonObject schema, bool required)
    {
        JsonObject whole = Resolve(schemas, schema), item = Resolve(schemas, Item(schemas, schema));
        string description = schema.Text("description") ?? whole.Text("description") ?? "";
        return new LabKindField
        {
            Kind = resource.Name,
            Path = path,
            Type = TypeOf(schemas, schema),
            Required = required,
            Enum = [.. (item["enum"] as JsonArray ?? []).Select(value => value?.ToString() ?? "").Where(value => value.Length > 0)],
            Default = (schema["default"] ?? whole["default"]) is { } value and not JsonObject { Count: 0 } ? value.ToJsonString().Trim('"') : null,
            Description = OneLine.Of(description),
        };
    }

    private static string TypeOf(JsonObject schemas, JsonObject schema)
    {
        JsonObject whole = Resolve(schemas, schema);
        string name = Reference(schema) is { } reference ? reference[(reference.LastIndexOf('.') + 1)..] : "";
        return whole.Text("type") switch
        {
            "array" when whole.Object("items") is { } items => "[]" + TypeOf(schemas, items),
            "object" when whole.Object("properties") is null && whole.Object("additionalProperties") is { } values => "map[string]" + TypeOf(schemas, values),
            "object" => name.Length > 0 ? name : "Object",
            { } plain => whole.Text("format") is "int-or-string" or "date-time" ? name.Length > 0 ? name : plain : plain,
            null => name.Length > 0 ? name : whole.Flag("x-kubernetes-int-or-string") ? "IntOrString" : "any",
        };
    }

    // What stands in a list or a map counts as its own: spec.containers.image.
    private static JsonObject Item(JsonObject schemas, JsonObject schema)
    {
        JsonObject whole = Resolve(schemas, schema);
        return whole.Object("items") is { } items ? Item(schemas, items)
            : whole.Object("properties") is null && whole.Object("additionalProperties") is { } values ? Item(schemas, values)
            : schema;
    }

    private static JsonObject Inner(JsonObject schemas, JsonObject schema) => Resolve(schemas, Item(schemas, schema));

    private static JsonObject Fields(JsonObject schemas, JsonObject schema) => Inner(schemas, schema).Object("properties") ?? [];

    private static string? Reference(JsonObject schema) =>
        (schema.Text("$ref") ?? schema.Objects("allOf").FirstOrDefault()?.Text("$ref"))?.Replace(Refs, "", StringComparison.Ordinal);

    private static JsonObject Resolve(JsonObject schemas, JsonObject schema) =>
        Reference(schema) is { } name && schemas.Object(name) is { } found ? Resolve(schemas, found) : schema;

    private static bool IsOf(JsonObject schema, ApiResource resource) => schema.Objects("x-kubernetes-group-version-kind").Any(
        kind => (kind.Text("group") ?? "") == resource.Group && kind.Text("version") == resource.Version && kind.Text("kind") == resource.Kind);

    /// <summary>The schemas of a group and version.</summary>
    /// <param name="apiVersion">Group and version.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Schemas by their names; null where the cluster describes none.</returns>
    internal async Task<JsonObject?> SchemasAsync(string apiVersion, CancellationToken cancellation)
    {
        ConcurrentDictionary<string, JsonObject> documents = Documents.GetOrCreateValue(api);
        string at = apiVersion.Contains('/', StringComparison.Ordinal) ? $"apis/{apiVersion}" : $"api/{apiVersion}";
        JsonObject index = await api.GetAsync("/openapi/v3", cancellation);
        if (index.Object("paths")?.Object(at)?.Text("serverRelativeURL") is not { } address)
        {
            return null;
        }

        if (documents.TryGetValue(address, out JsonObject? document))
        {
            return document;
        }

        // Another content has another hash, so what has one can be kept for ever.
        string hash = address.Contains("hash=", StringComparison.Ordinal) ? address[(address.IndexOf("hash=", StringComparison.Ordinal) + 5)..].Split('&')[0] : "";
        string? name = hash.Length > 0 && hash.All(char.IsAsciiLetterOrDigit) ? $"schema-{hash}.json" : null;
        if (name is not null && api.Cache?.Read(name) is { } kept && Parse(kept) is { } known)
        {
            return documents[address] = known;
        }

        JsonObject schemas = (await api.GetAsync(address, cancellation)).Object("components")?.Object("schemas") ?? [];
        if (name is not null)
        {
            api.Cache?.Write(name, schemas.ToJsonString());
        }

        return documents[address] = schemas;
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: JsonAccess.Deep) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
