using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>OpenAPI v3 documents, one a group version: enough for clients that ask what a server can do and how lists are merged.</summary>
internal sealed class OpenApi(ResourceRegistry registry)
{
    private const string Refs = "#/components/schemas/";

    public static Task AnswerV2Async(ApiRequest request)
    {
        if (!request.Accept.Contains("application/json", StringComparison.Ordinal) && request.Accept is not ("" or "*/*"))
        {
            throw new ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json");
        }

        JsonObject node = new()
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = SchemaCatalog.Default.Version },
            ["paths"] = new JsonObject(),
            ["definitions"] = new JsonObject(),
        };
        return Answer.JsonAsync(request, 200, node);
    }

    public Task AnswerAsync(ApiRequest request)
    {
        string[] path = request.Segments[2..];
        if (path.Length == 0)
        {
            JsonObject paths = [];
            foreach ((string group, string version) in registry.All.Select(kind => (kind.Group, kind.Version)).Distinct())
            {
                string at = group.Length == 0 ? "api/" + version : $"apis/{group}/{version}";
                paths[at] = new JsonObject { ["serverRelativeURL"] = "/openapi/v3/" + at };
            }

            return Answer.JsonAsync(request, 200, new JsonObject { ["paths"] = paths });
        }

        return path switch
        {
            ["api", string version] => Answer.JsonAsync(request, 200, Document("", version)),
            ["apis", string group, string version] => Answer.JsonAsync(request, 200, Document(group, version)),
            _ => Answer.TextAsync(request, 404, "404 page not found\n"),
        };
    }

    private static JsonObject Operation(ResourceKind kind, string action, params string[] parameters)
    {
        return new JsonObject
        {
            ["operationId"] = $"{action}{kind.Kind}",
            ["parameters"] = new JsonArray([.. parameters.Select(name => new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = name == "force" ? "boolean" : "string", ["uniqueItems"] = true },
            })]),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(kind),
        };
    }

    private static JsonObject GroupVersionKind(ResourceKind kind) => new() { ["group"] = kind.Group, ["kind"] = kind.Kind, ["version"] = kind.Version };

    private static JsonObject Spell(Shape shape, Action<TypeSchema> reached)
    {
        switch (shape.Kind)
        {
            case ShapeKind.Object:
                reached(shape.Type!);
                return new JsonObject { ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = Refs + shape.Type!.Name }) };
            case ShapeKind.List:
                return new JsonObject { ["type"] = "array", ["items"] = Spell(shape.Item(), reached) };
            case ShapeKind.Map:
                return new JsonObject { ["type"] = "object", ["additionalProperties"] = Spell(shape.Element!, reached) };
            case ShapeKind.Integer or ShapeKind.Number or ShapeKind.Boolean or ShapeKind.String:
                return new JsonObject { ["type"] = shape.Kind.ToString().ToLowerInvariant() };
            case ShapeKind.Bytes:
                return new JsonObject { ["type"] = "string", ["format"] = "byte" };
            case ShapeKind.Time or ShapeKind.MicroTime:
                return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
            case ShapeKind.IntOrString or ShapeKind.Quantity:
                return new JsonObject { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = shape.Kind == ShapeKind.Quantity ? "number" : "integer" }, new JsonObject { ["type"] = "string" }) };
            default:
                return new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        }
    }

    private static JsonObject Describe(TypeSchema type, Action<TypeSchema> reached)
    {
        JsonObject properties = [];
        foreach (FieldSchema field in type.Fields.Values)
        {
            JsonObject property = Spell(field.Shape, reached);
            if (field.Shape.MergeKey is { } key)
            {
                property["x-kubernetes-patch-strategy"] = field.Shape.RetainsKeys ? "merge,retainKeys" : "merge";
                if (key.Length > 0)
                {
                    property["x-kubernetes-patch-merge-key"] = key;
                }
            }
            else if (field.Shape.RetainsKeys)
            {
                property["x-kubernetes-patch-strategy"] = "retainKeys";
            }

            if (field.Shape.IsKeyedList)
            {
                property["x-kubernetes-list-type"] = field.Shape.IsSet ? "set" : "map";
                if (!field.Shape.IsSet)
                {
                    property["x-kubernetes-list-map-keys"] = Json.List(field.Shape.Keys);
                }
            }

            properties[field.Name] = property;
        }

        JsonObject node = new() { ["type"] = "object", ["properties"] = properties };
        List<string> required = [.. type.Fields.Values.Where(field => field.Required).Select(field => field.Name)];
        if (required.Count > 0)
        {
            node["required"] = Json.List(required);
        }

        return node;
    }

    private JsonObject Document(string group, string version)
    {
        List<ResourceKind> kinds = [.. registry.All.Where(kind => kind.Group == group && kind.Version == version)];
        if (kinds.Count == 0)
        {
            throw ApiError.NoSuchResource();
        }

        JsonObject paths = [], schemas = [];
        Queue<TypeSchema> reached = new();
        string root = group.Length == 0 ? "/api/" + version : $"/apis/{group}/{version}";
        foreach (ResourceKind kind in kinds)
        {
            string at = kind.IsNamespaced ? $"{root}/namespaces/{{namespace}}/{kind.Name}" : $"{root}/{kind.Name}";
            paths[at] = new JsonObject { ["get"] = Operation(kind, "list", "labelSelector", "fieldSelector", "limit", "continue"), ["post"] = Operation(kind, "post", "dryRun", "fieldManager", "fieldValidation") };
            paths[at + "/{name}"] = new JsonObject
            {
                ["get"] = Operation(kind, "get"),
                ["put"] = Operation(kind, "put", "dryRun", "fieldManager", "fieldValidation"),
                ["patch"] = Operation(kind, "patch", "dryRun", "fieldManager", "fieldValidation", "force"),
                ["delete"] = Operation(kind, "delete", "dryRun", "gracePeriodSeconds", "propagationPolicy"),
            };
            if (kind.Shape.Type is { } type)
            {
                reached.Enqueue(type);
            }
        }

        while (reached.TryDequeue(out TypeSchema? type))
        {
            if (!schemas.ContainsKey(type.Name))
            {
                schemas[type.Name] = Describe(type, reached.Enqueue);
            }
        }

        foreach (ResourceKind kind in kinds)
        {
            if (kind.Shape.Type is { } type)
            {
                schemas[type.Name]!["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(kind));
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = SchemaCatalog.Default.Version },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }
}
