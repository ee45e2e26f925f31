using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Emulator.Kubernetes.Api;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Validation;

/// <summary>Checks of custom resources by their definition's schema.</summary>
internal static class CustomChecks
{
    public static void Check(ResourceKind kind, JsonObject node, List<FieldError> errors)
    {
        if (kind.Schema is null || Json.Parse(Encoding.UTF8.GetBytes(kind.Schema)) is not JsonObject schema)
        {
            return;
        }

        JsonObject content = node.Copy();
        content.Remove("apiVersion");
        content.Remove("kind");
        content.Remove("metadata");
        Value(content, schema, "", errors);
    }

    private static void Value(JsonNode? value, JsonNode? schema, string path, List<FieldError> errors)
    {
        if (value is null || schema is not JsonObject)
        {
            return;
        }

        if (schema.Text("type") is { } type && !Fits(value, type) && !schema.Flag("x-kubernetes-int-or-string"))
        {
            errors.Add(new FieldError("FieldValueTypeInvalid", path, $"Invalid value: \"{Word(value)}\": {path} in body must be of type {type}: \"{Word(value)}\""));
            return;
        }

        if (schema.At("enum") is JsonArray allowed && !allowed.Any(item => Json.Same(item, value)))
        {
            errors.Add(new FieldError("FieldValueNotSupported", path,
                $"Unsupported value: {Json.Line(value)}: supported values: {string.Join(", ", allowed.Select(Json.Line))}"));
        }

        switch (value)
        {
            case JsonObject map:
                foreach ((string name, JsonNode? member) in map)
                {
                    Value(member, schema.At("properties", name) ?? schema.At("additionalProperties"), path.Length == 0 ? name : path + "." + name, errors);
                }

                foreach (string name in schema.Texts("required").Where(name => !map.ContainsKey(name) && name is not ("apiVersion" or "kind" or "metadata")))
                {
                    errors.Add(FieldError.Required(path.Length == 0 ? name : path + "." + name));
                }

                break;
            case JsonArray list:
                if (schema.Number("minItems") is { } fewest && list.Count < fewest)
                {
                    errors.Add(FieldError.Invalid(path, list.Count, $"{path} in body should have at least {fewest} items"));
                }

                if (schema.Number("maxItems") is { } most && list.Count > most)
                {
                    errors.Add(new FieldError("FieldValueTooMany", path, $"Too many: {list.Count}: must have at most {most} items"));
                }

                for (int i = 0; i < list.Count; i++)
                {
                    Value(list[i], schema.At("items"), $"{path}[{i}]", errors);
                }

                break;
            default:
                Plain(value, schema, path, errors);
                break;
        }
    }

    private static void Plain(JsonNode value, JsonNode schema, string path, List<FieldError> errors)
    {
        if (value.Text() is { } text)
        {
            if (schema.Number("minLength") is { } shortest && text.Length < shortest)
            {
                errors.Add(FieldError.Invalid(path, text, $"{path} in body should be at least {shortest} chars long"));
            }

            if (schema.Number("maxLength") is { } longest && text.Length > longest)
            {
                errors.Add(new FieldError("FieldValueTooLong", path, $"Too long: may not be more than {longest} bytes"));
            }

            if (schema.Text("pattern") is { } pattern && !Matches(text, pattern))
            {
                errors.Add(FieldError.Invalid(path, text, $"{path} in body should match '{pattern}'"));
            }

            return;
        }

        if (!double.TryParse(Json.Line(value), NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return;
        }

        if (Real(schema, "minimum") is { } least && number < least)
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be greater than or equal to {Json.Line(schema.At("minimum"))}"));
        }

        if (Real(schema, "maximum") is { } greatest && number > greatest)
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be less than or equal to {Json.Line(schema.At("maximum"))}"));
        }
    }

    private static double? Real(JsonNode schema, string name) =>
        schema.At(name) is { } value && double.TryParse(Json.Line(value), NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? real : null;

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
        }
        catch (Exception e) when (e is ArgumentException or RegexMatchTimeoutException)
        {
            // Not every pattern of theirs is one of ours.
            return true;
        }
    }

    private static bool Fits(JsonNode value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value.GetValueKind() == JsonValueKind.String,
        "integer" => value.GetValueKind() == JsonValueKind.Number && !Json.Line(value).Contains('.', StringComparison.Ordinal),
        "number" => value.GetValueKind() == JsonValueKind.Number,
        "boolean" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        _ => true,
    };

    private static string Word(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => Json.Line(value).Contains('.', StringComparison.Ordinal) ? "number" : "integer",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        _ => "boolean",
    };
}
