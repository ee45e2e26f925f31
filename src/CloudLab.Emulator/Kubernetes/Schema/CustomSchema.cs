using System.Text.Json.Nodes;

namespace CloudLab.Emulator.Kubernetes.Schema;

/// <summary>Makes shapes of the schema in a CustomResourceDefinition.</summary>
internal static class CustomSchema
{
    /// <summary>Reads the schema of a whole kind.</summary>
    public static Shape Read(JsonNode? schema, string name)
    {
        Shape shape = Part(schema, name);
        TypeSchema type = shape.Type ?? new TypeSchema(name) { KeepsUnknown = true };
        type.Fields["apiVersion"] = new FieldSchema("apiVersion", new Shape { Kind = ShapeKind.String });
        type.Fields["kind"] = new FieldSchema("kind", new Shape { Kind = ShapeKind.String });
        type.Fields["metadata"] = new FieldSchema("metadata", SchemaCatalog.Default.ShapeOf("meta.v1.ObjectMeta")) { IsValue = true };
        return new Shape { Kind = ShapeKind.Object, Type = type };
    }

    private static Shape Part(JsonNode? schema, string name)
    {
        if (schema.Flag("x-kubernetes-int-or-string"))
        {
            return new Shape { Kind = ShapeKind.IntOrString };
        }

        switch (schema.Text("type"))
        {
            case "object" when schema.Object("properties") is { } properties:
                TypeSchema type = new(name) { KeepsUnknown = schema.Flag("x-kubernetes-preserve-unknown-fields") };
                HashSet<string> required = [.. schema.Texts("required")];
                foreach ((string field, JsonNode? inner) in properties)
                {
                    type.Fields[field] = new FieldSchema(field, Part(inner, name + "." + field))
                    {
                        Required = required.Contains(field),
                        Enum = [.. inner.Texts("enum")],
                        Default = inner.Text("default"),
                    };
                }

                return new Shape { Kind = ShapeKind.Object, Type = type, IsAtomic = schema.Text("x-kubernetes-map-type") == "atomic" };
            case "object" when schema.Object("additionalProperties") is { } values:
                return new Shape { Kind = ShapeKind.Map, Element = Part(values, name), IsAtomic = schema.Text("x-kubernetes-map-type") == "atomic" };
            case "array":
                return new Shape
                {
                    Kind = ShapeKind.List,
                    Element = Part(schema.At("items"), name),
                    IsSet = schema.Text("x-kubernetes-list-type") == "set",
                    Keys = [.. schema.Texts("x-kubernetes-list-map-keys")],
                };
            case "string":
                return new Shape { Kind = ShapeKind.String };
            case "integer":
                return new Shape { Kind = ShapeKind.Integer };
            case "number":
                return new Shape { Kind = ShapeKind.Number };
            case "boolean":
                return new Shape { Kind = ShapeKind.Boolean };
            default:
                return Shape.Deduced;
        }
    }
}
