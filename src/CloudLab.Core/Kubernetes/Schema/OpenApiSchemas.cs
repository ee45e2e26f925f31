using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Schema;

/// <summary>Makes schemas of OpenAPI documents, version 2 and 3, and of the schemas in CustomResourceDefinitions.</summary>
/// <param name="schemas">The schemas of the document by their names.</param>
internal sealed class OpenApiSchemas(JsonObject schemas)
{
    // The packages of types that Go decodes; a CustomResourceDefinition's own kinds stand under their group, which may be one of k8s.io, too.
    private static readonly string[] Native = ["io.k8s.api.", "io.k8s.apimachinery.", "io.k8s.apiextensions-apiserver.", "io.k8s.kube-aggregator.", "io.k8s.metrics.pkg."];

    private readonly Dictionary<string, SchemaNode> named = new(StringComparer.Ordinal);

    /// <summary>The schema of a custom resource as its definition has it.</summary>
    /// <param name="schema">The <c>openAPIV3Schema</c>.</param>
    /// <param name="keepsUnknown">Whether the definition keeps unknown fields everywhere.</param>
    /// <returns>The schema, with what every object has.</returns>
    public static SchemaNode Root(JsonObject schema, bool keepsUnknown)
    {
        SchemaNode root = new OpenApiSchemas([]).Of(schema, isCustom: true, keepsUnknown);
        if (root.Type != SchemaType.Object)
        {
            root = new SchemaNode { Type = SchemaType.Object, IsCustom = true, KeepsUnknown = true };
        }

        AddObjectFields(root);
        return root;
    }

    /// <summary>A schema of the document.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The schema; it takes anything where the document lacks it.</returns>
    public SchemaNode Named(string name)
    {
        // Custom resources have their metadata by reference, too.
        switch (name[(name.LastIndexOf('.') + 1)..])
        {
            case "IntOrString" when name.EndsWith("util.intstr.IntOrString", StringComparison.Ordinal):
                return new SchemaNode { Type = SchemaType.IntOrString };
            case "Quantity" when name.EndsWith("api.resource.Quantity", StringComparison.Ordinal):
                return new SchemaNode { Type = SchemaType.Quantity };
            case "Time" or "MicroTime" when name.Contains("apis.meta.v1.", StringComparison.Ordinal):
                return new SchemaNode { Type = SchemaType.Time };
            case "RawExtension" or "FieldsV1" or "JSON" or "JSONSchemaPropsOrArray" or "JSONSchemaPropsOrBool" or "JSONSchemaPropsOrStringArray"
                when Native.Any(package => name.StartsWith(package, StringComparison.Ordinal)):
                return SchemaNode.Any;
        }

        if (named.TryGetValue(name, out SchemaNode? known))
        {
            return known;
        }

        named[name] = known = new SchemaNode { Name = name[(name.LastIndexOf('.') + 1)..] };
        if (schemas.Object(name) is { } schema)
        {
            bool isCustom = !Native.Any(package => name.StartsWith(package, StringComparison.Ordinal));
            Fill(known, schema, isCustom, keepsUnknown: false);
            if (isCustom && schema.ContainsKey("x-kubernetes-group-version-kind") && known.Type == SchemaType.Object)
            {
                AddObjectFields(known);
            }
        }

        return known;
    }

    private static void AddObjectFields(SchemaNode node)
    {
        node.Fields["apiVersion"] = new SchemaNode { Type = SchemaType.String };
        node.Fields["kind"] = new SchemaNode { Type = SchemaType.String };
        node.Fields["metadata"] = TableSchemas.Metadata;
    }

    private SchemaNode Of(JsonObject schema, bool isCustom, bool keepsUnknown)
    {
        if ((schema.Text("$ref") ?? (schema.Text("type") is null && schema["allOf"] is JsonArray { Count: 1 } ? schema.Objects("allOf").First().Text("$ref") : null)) is { } reference)
        {
            return Named(reference[(reference.LastIndexOf('/') + 1)..]);
        }

        SchemaNode node = new();
        Fill(node, schema, isCustom, keepsUnknown);
        return node;
    }

    private void Fill(SchemaNode node, JsonObject schema, bool isCustom, bool keepsUnknown)
    {
        bool keeps = keepsUnknown || schema.Flag("x-kubernetes-preserve-unknown-fields");
        node.IsCustom = isCustom;
        node.Required = schema.Texts("required");
        node.IsNullable = schema.Flag("nullable");
        node.Default = schema["default"] is { } fallback ? (fallback is JsonValue plain ? plain.ToString() : fallback.ToJsonString()) : null;
        node.Enum = schema["enum"] is JsonArray allowed ? [.. allowed.Select(value => value?.ToString() ?? "null")] : [];
        node.Keys = schema.Text("x-kubernetes-list-type") == "map" ? schema.Texts("x-kubernetes-list-map-keys") : [];
        node.IsSet = schema.Text("x-kubernetes-list-type") == "set";
        node.Limits = Limits(schema, isCustom);
        string? format = schema.Text("format");
        if (schema.Flag("x-kubernetes-int-or-string"))
        {
            node.Type = SchemaType.IntOrString;
            return;
        }

        switch (schema.Text("type") ?? (schema["properties"] is JsonObject ? "object" : schema["items"] is JsonObject ? "array" : null))
        {
            case "object" when schema.Object("properties") is null && schema.Object("additionalProperties") is { } values:
                node.Type = SchemaType.Map;
                node.Element = Of(values, isCustom, keepsUnknown);
                break;
            case "object" when schema.Object("properties") is null && (!isCustom || keeps || schema.Flag("additionalProperties")):
                node.Type = isCustom ? SchemaType.Map : SchemaType.Any;
                node.Element = SchemaNode.Any;
                break;
            case "object":
                node.Type = SchemaType.Object;
                node.KeepsUnknown = keeps || schema.Flag("additionalProperties");
                foreach ((string name, JsonNode? field) in schema.Object("properties") ?? [])
                {
                    node.Fields[name] = field is JsonObject own ? Of(own, isCustom, keepsUnknown) : SchemaNode.Any;
                }

                break;
            case "array":
                node.Type = SchemaType.List;
                node.Element = schema.Object("items") is { } items ? Of(items, isCustom, keepsUnknown) : SchemaNode.Any;
                break;
            case "string":
                node.Type = format == "byte" && !isCustom ? SchemaType.Bytes : format == "int-or-string" ? SchemaType.IntOrString : SchemaType.String;
                break;
            case "integer":
                node.Type = SchemaType.Integer;
                break;
            case "number":
                node.Type = SchemaType.Number;
                break;
            case "boolean":
                node.Type = SchemaType.Boolean;
                break;
        }

        if (schema.Flag("x-kubernetes-embedded-resource"))
        {
            // Its own schema may say nothing of what every object has.
            node.Type = SchemaType.Object;
            node.KeepsUnknown |= keeps;
            AddObjectFields(node);
        }
    }

    private SchemaLimits? Limits(JsonObject schema, bool isCustom)
    {
        bool any = new[]
        {
            "pattern", "format", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "allOf", "anyOf", "oneOf", "not",
        }.Any(schema.ContainsKey);
        return !any ? null : new SchemaLimits
        {
            PatternText = schema.Text("pattern"),
            Pattern = schema.Text("pattern") is { } pattern ? new Lazy<Regex?>(() => Compile(pattern)) : null,
            Format = schema.Text("format"),
            Minimum = Real("minimum"),
            Maximum = Real("maximum"),
            ExclusiveMinimum = schema.Flag("exclusiveMinimum"),
            ExclusiveMaximum = schema.Flag("exclusiveMaximum"),
            MultipleOf = Real("multipleOf"),
            MinLength = schema.Number("minLength"),
            MaxLength = schema.Number("maxLength"),
            MinItems = schema.Number("minItems"),
            MaxItems = schema.Number("maxItems"),
            MinFields = schema.Number("minProperties"),
            MaxFields = schema.Number("maxProperties"),

            // x-kubernetes-int-or-string has its types in an anyOf.
            AllOf = Parts("allOf"),
            AnyOf = schema.Flag("x-kubernetes-int-or-string") ? [] : Parts("anyOf"),
            OneOf = Parts("oneOf"),
            Not = schema.Object("not") is { } not ? Of(not, isCustom, keepsUnknown: true) : null,
        };

        double? Real(string key) => schema[key] is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.Number
            ? double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : null;

        IReadOnlyList<SchemaNode> Parts(string key) => [.. schema.Objects(key).Select(part => Of(part, isCustom, keepsUnknown: true))];
    }

    // Go's expressions take time in proportion to the text; those that .NET reads otherwise, or not at all, are left to the server.
    private static Regex? Compile(string pattern)
    {
        if (pattern.Contains("[[:", StringComparison.Ordinal) || pattern.Contains("[:", StringComparison.Ordinal) || pattern.Contains(@"\Q", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
