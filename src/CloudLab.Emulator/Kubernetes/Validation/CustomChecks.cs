using System.Text.Json.Nodes;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;
using CloudLab.Emulator.Kubernetes.Schema;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>Checks of custom resources by their definition's schema: what is required, and what is allowed.</summary>
internal static class CustomChecks
{
    public static void Check(ResourceKind kind, JsonObject node, List<FieldError> errors)
    {
        Members(node, kind.Shape, "", errors);
    }

    private static void Members(JsonObject map, Shape shape, string path, List<FieldError> errors)
    {
        foreach (FieldSchema field in shape.Type?.Fields.Values ?? Enumerable.Empty<FieldSchema>())
        {
            string at = path.Length == 0 ? field.Name : path + "." + field.Name;
            if (at is "apiVersion" or "kind" or "metadata")
            {
                continue;
            }

            if (map.TryGetPropertyValue(field.Name, out JsonNode? value))
            {
                Value(value, field.Shape, field.Enum, at, errors);
            }
            else if (field.Required)
            {
                errors.Add(FieldError.Required(at));
            }
        }
    }

    private static void Value(JsonNode? value, Shape shape, IReadOnlyList<string> allowed, string path, List<FieldError> errors)
    {
        if (allowed.Count > 0 && value.Text() is { } text && !allowed.Contains(text))
        {
            errors.Add(FieldError.Unsupported(path, text, allowed));
        }

        if (value is JsonObject map && shape.Kind == ShapeKind.Object)
        {
            Members(map, shape, path, errors);
        }
        else if (value is JsonArray list && shape.Kind == ShapeKind.List)
        {
            for (int i = 0; i < list.Count; i++)
            {
                Value(list[i], shape.Item(), [], $"{path}[{i}]", errors);
            }
        }
    }
}
