using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Apply;

/// <summary>Whether an applied configuration fits its schema; in the words of structured merge and diff.</summary>
internal static class TypeChecks
{
    /// <summary>The first thing that does not fit; null if all does.</summary>
    public static string? Problem(JsonNode? value, Shape shape, string path = "")
    {
        if (value is null || shape.Kind is ShapeKind.Any or ShapeKind.Deduced or ShapeKind.IntOrString or ShapeKind.Quantity)
        {
            return null;
        }

        switch (shape.Kind)
        {
            case ShapeKind.Object or ShapeKind.Map:
                return value is JsonObject map ? Members(map, shape, path) : $"{path}: expected map, got {Show(value)}";
            case ShapeKind.List:
                return value is JsonArray list ? Items(list, shape, path) : $"{path}: expected list, got {Show(value)}";
            case ShapeKind.Integer or ShapeKind.Number:
                return value.GetValueKind() == JsonValueKind.Number ? null : $"{path}: expected numeric (int or float), got {Word(value)}";
            case ShapeKind.Boolean:
                return value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? null : $"{path}: expected boolean, got {Show(value)}";
            default:
                return value.GetValueKind() == JsonValueKind.String ? null : $"{path}: expected string, got {Show(value)}";
        }
    }

    private static string? Members(JsonObject map, Shape shape, string path)
    {
        foreach ((string name, JsonNode? member) in map)
        {
            if (shape.Kind == ShapeKind.Object && shape.Field(name) is null && !shape.Type!.KeepsUnknown)
            {
                return $"{path}.{name}: field not declared in schema";
            }

            if (Problem(member, shape.Member(name), $"{path}.{name}") is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static string? Items(JsonArray list, Shape shape, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < list.Count; i++)
        {
            string at = $"{path}[{i}]";
            if (shape.Keys.Count > 0)
            {
                string keys = "[" + string.Join(",", shape.Keys.Select(key => $"{key}={Json.Line(list[i].At(key))}")) + "]";
                if (!seen.Add(TypedValues.ElementOf(list[i], shape)))
                {
                    return $"{path}: duplicate entries for key {keys}";
                }

                at = path + keys;
            }

            if (Problem(list[i], shape.Item(), at) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static string Show(JsonNode value) => $"&value.valueUnstructured{{Value:{(value is JsonValue ? Json.Line(value) : Word(value))}}}";

    private static string Word(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Object => "map",
        JsonValueKind.Array => "list",
        JsonValueKind.Number => "number",
        _ => "boolean",
    };
}
