using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Quantities;

namespace CloudLab.Emulator.Kubernetes.Schema;

/// <summary>Brings what a client sent into the form of its type: unknown fields out, parts that are always there in.</summary>
internal static class Normalizer
{
    /// <summary>Takes out what the type does not know and nulls.</summary>
    /// <param name="node">Changed in place.</param>
    /// <param name="shape">Its type.</param>
    /// <param name="unknown">Gets the paths that were taken out.</param>
    /// <returns>What does not fit its type, in the words of the real decoder; null if all fits.</returns>
    public static string? Prune(JsonNode? node, Shape shape, List<string> unknown) => Prune(node, shape, "", "", unknown);

    /// <summary>Puts the objects in that are always there, if only empty, and the defaults that the schema knows.</summary>
    public static void Fill(JsonNode? node, Shape shape)
    {
        switch (node)
        {
            case JsonObject map when shape.Kind == ShapeKind.Object:
                foreach (FieldSchema field in shape.Type!.Fields.Values)
                {
                    if (map[field.Name] is null)
                    {
                        if (field.IsValue && field.Shape.Kind == ShapeKind.Object)
                        {
                            map[field.Name] = new JsonObject();
                        }
                        else if (Zero(field, out JsonNode? zero))
                        {
                            map[field.Name] = zero;
                        }
                        else if (field.Default is { } fallback && field.Shape.Kind == ShapeKind.String)
                        {
                            map[field.Name] = fallback;
                        }
                    }

                    if (map[field.Name] is { } member)
                    {
                        Fill(member, field.Shape);
                    }
                }

                break;
            case JsonObject map when shape.Kind == ShapeKind.Map:
                foreach ((_, JsonNode? value) in map)
                {
                    Fill(value, shape.Element!);
                }

                break;
            case JsonArray list when shape.Kind == ShapeKind.List:
                foreach (JsonNode? item in list)
                {
                    Fill(item, shape.Item());
                }

                break;
        }
    }

    /// <summary>Takes out the empty maps and lists that the real server's types leave out.</summary>
    public static void DropEmpty(JsonNode? node, Shape shape)
    {
        if (node is JsonObject members && (shape.Kind is ShapeKind.Object or ShapeKind.Map))
        {
            foreach ((string name, JsonNode? value) in members.ToList())
            {
                if (value is JsonObject { Count: 0 } or JsonArray { Count: 0 } && shape.Field(name) is { Required: false, Shape.Kind: ShapeKind.Map or ShapeKind.List })
                {
                    members.Remove(name);
                }
                else
                {
                    DropEmpty(value, shape.Member(name));
                }
            }
        }
        else if (node is JsonArray list && shape.Kind == ShapeKind.List)
        {
            foreach (JsonNode? item in list)
            {
                DropEmpty(item, shape.Item());
            }
        }
    }

    /// <summary>What a plain value or list that is always there holds when nothing is given.</summary>
    public static bool Zero(FieldSchema field, out JsonNode? zero)
    {
        zero = field.Shape.Kind switch
        {
            ShapeKind.Integer or ShapeKind.Number when field.HasZero => JsonValue.Create(0),
            ShapeKind.String when field.HasZero => JsonValue.Create(""),
            ShapeKind.Boolean when field.HasZero => JsonValue.Create(false),
            _ => null,
        };
        return zero is not null || (field.Required && (field.Shape.Kind is ShapeKind.List or ShapeKind.Map));
    }

    private static string? Prune(JsonNode? node, Shape shape, string path, string goPath, List<string> unknown)
    {
        switch (shape.Kind)
        {
            case ShapeKind.Any or ShapeKind.Deduced:
                return null;
            case ShapeKind.Object:
                return node is JsonObject map ? PruneObject(map, shape, path, goPath, unknown) : Mismatch(node, goPath, shape);
            case ShapeKind.Map:
                if (node is not JsonObject members)
                {
                    return Mismatch(node, goPath, shape);
                }

                foreach ((string name, JsonNode? value) in members.ToList())
                {
                    if (value is null && shape.Element!.Kind is ShapeKind.String or ShapeKind.Bytes)
                    {
                        members[name] = "";
                    }
                    else if (value is not null && Prune(value, shape.Element!, $"{path}.{name}", goPath, unknown) is { } wrong)
                    {
                        return wrong;
                    }
                }

                return null;
            case ShapeKind.List:
                if (node is not JsonArray list)
                {
                    return Mismatch(node, goPath, shape);
                }

                for (int i = 0; i < list.Count; i++)
                {
                    if (list[i] is { } item && Prune(item, shape.Item(), $"{path}[{i}]", goPath, unknown) is { } wrong)
                    {
                        return wrong;
                    }
                }

                return null;
            default:
                return Fits(node, shape.Kind) ? null : Mismatch(node, goPath, shape);
        }
    }

    private static string? PruneObject(JsonObject map, Shape shape, string path, string goPath, List<string> unknown)
    {
        foreach ((string name, JsonNode? value) in map.ToList())
        {
            string at = path.Length == 0 ? name : path + "." + name;
            FieldSchema? field = shape.Field(name);
            if (field is null)
            {
                if (!shape.Type!.KeepsUnknown)
                {
                    unknown.Add(at);
                    map.Remove(name);
                }

                continue;
            }

            if (value is null)
            {
                map.Remove(name);
                continue;
            }

            string typeName = shape.Type!.Name[(shape.Type.Name.LastIndexOf('.') + 1)..];
            string tail = goPath.Contains('.', StringComparison.Ordinal) ? goPath[(goPath.IndexOf('.', StringComparison.Ordinal) + 1)..] + "." : "";
            if (Prune(value, field.Shape, at, $"{typeName}.{tail}{name}", unknown) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static bool Fits(JsonNode? node, ShapeKind kind)
    {
        JsonValueKind value = node?.GetValueKind() ?? JsonValueKind.Null;
        return kind switch
        {
            ShapeKind.String => value == JsonValueKind.String,
            ShapeKind.Bytes => value == JsonValueKind.String && BadBase64(node.Text()!) < 0,
            ShapeKind.Time or ShapeKind.MicroTime => value == JsonValueKind.String
                && (node.Text()!.Length == 0 || DateTimeOffset.TryParse(node.Text(), CultureInfo.InvariantCulture, DateTimeStyles.None, out _)),
            ShapeKind.Integer => value == JsonValueKind.Number && (node!.AsValue().TryGetValue(out long _) || node.AsValue().TryGetValue(out int _)
                || (node.AsValue().TryGetValue(out double real) && Math.Floor(real) == real)),
            ShapeKind.Number => value == JsonValueKind.Number,
            ShapeKind.Boolean => value is JsonValueKind.True or JsonValueKind.False,
            ShapeKind.IntOrString => value is JsonValueKind.String or JsonValueKind.Number,
            ShapeKind.Quantity => value is JsonValueKind.Number || (value == JsonValueKind.String && Quantity.TryParse(node.Text()!.Trim(), out _)),
            _ => true,
        };
    }

    /// <summary>Where a text stops being base64; -1 if it does not.</summary>
    private static int BadBase64(string text)
    {
        if (Convert.TryFromBase64String(text, new byte[text.Length], out _))
        {
            return -1;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(text[i]) && text[i] is not ('+' or '/' or '=' or '\r' or '\n'))
            {
                return i;
            }
        }

        return text.Length / 4 * 4;
    }

    private static string Mismatch(JsonNode? node, string goPath, Shape shape)
    {
        if (shape.Kind == ShapeKind.Bytes && node.Text() is { } text)
        {
            return $"illegal base64 data at input byte {BadBase64(text)}";
        }

        if (shape.Kind == ShapeKind.Quantity)
        {
            Quantity.TryParse(node?.GetValueKind() == JsonValueKind.String ? node.Text()!.Trim() : "", out _, out string? problem);
            return problem!;
        }

        if (shape.Kind is ShapeKind.Time or ShapeKind.MicroTime && node?.GetValueKind() == JsonValueKind.String)
        {
            return $"parsing time \"{node.Text()}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{node.Text()}\" as \"2006\"";
        }

        string found = node?.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number when shape.Kind == ShapeKind.Integer => "number " + Json.Line(node),
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => "null",
        };
        return $"json: cannot unmarshal {found} into Go struct field {goPath} of type {GoType(shape)}";
    }

    private static string GoType(Shape shape) => shape.Kind switch
    {
        ShapeKind.String => "string",
        ShapeKind.Integer => "int32",
        ShapeKind.Number => "float64",
        ShapeKind.Boolean => "bool",
        ShapeKind.Bytes => "[]uint8",
        ShapeKind.List => "[]" + GoType(shape.Item()),
        ShapeKind.Map => "map[string]" + GoType(shape.Element!),
        ShapeKind.Object => string.Join('.', shape.Type!.Name.Split('.') is [.., var version, var name] ? [version, name] : [shape.Type.Name]),
        ShapeKind.IntOrString => "intstr.IntOrString",
        _ => "string",
    };
}
