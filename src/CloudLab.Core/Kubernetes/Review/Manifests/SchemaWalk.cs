using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;
using CloudLab.Core.Kubernetes.Schema;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Compares an object with the schema of its kind, as the API server does.</summary>
/// <param name="about">The object.</param>
internal sealed class SchemaWalk(ReviewedObject about)
{
    private const int MostListed = 12, LongestShown = 60;

    // Go's own types do not say so, but the server fills these in.
    private static readonly HashSet<string> FilledIn = new(StringComparer.Ordinal) { "RoleRef.apiGroup" };

    private readonly List<LabManifestFinding> findings = [];
    private readonly List<(object Step, SchemaNode Schema)> way = [];

    // Whether a value is only tried against an alternative: then the first difference is enough, and it is nobody's business.
    private int trial;
    private bool failed;

    // The server sets it and takes nothing of it from whoever applies the object, but it reads it.
    private bool InStatus => way is [{ Step: "status" }, ..];

    /// <summary>Compares an object with a schema.</summary>
    /// <param name="about">The object.</param>
    /// <param name="schema">Schema of its kind.</param>
    /// <returns>The differences.</returns>
    public static IReadOnlyList<LabManifestFinding> Compare(ReviewedObject about, SchemaNode schema)
    {
        SchemaWalk walk = new(about);
        walk.Value(about.Content, schema);
        return walk.findings;
    }

    private void Value(JsonNode? node, SchemaNode schema)
    {
        if ((trial > 0 && failed) || (node is JsonValue plain && plain.TryGetValue(out string? text) && ReviewedPods.IsPlaceholder(text)))
        {
            return;
        }

        if (node is null)
        {
            // Go's types take it for nothing, and the server leaves it out where there is a default.
            if (!about.IsPatch && schema is { IsCustom: true, IsNullable: false, Default: null } && schema.Type != SchemaType.Any && !InStatus)
            {
                Wrong(ManifestRule.WrongType, $"{Here} is null, but must be {Named(schema)}.", "Write a value, or leave the field out.");
            }

            return;
        }

        switch (schema.Type)
        {
            case SchemaType.Object:
                if (node is JsonObject map)
                {
                    Object(map, schema);
                }
                else
                {
                    WrongType(node, schema);
                }

                break;
            case SchemaType.Map:
                if (node is JsonObject members)
                {
                    RequiredFields(members, schema);
                    foreach ((string key, JsonNode? value) in members)
                    {
                        Step(key, value, schema, schema.Element!);
                    }
                }
                else
                {
                    WrongType(node, schema);
                }

                break;
            case SchemaType.List:
                if (node is JsonArray list)
                {
                    List(list, schema);
                }
                else
                {
                    WrongType(node, schema);
                }

                break;
            case SchemaType.Any:
                if (node is JsonObject any)
                {
                    RequiredFields(any, schema);
                }

                break;
            default:
                Plain(node, schema);
                break;
        }

        if (schema.Limits is { } limits && !InStatus && !about.IsPatch)
        {
            Limits(node, schema, limits);
        }
    }

    private void Step(object step, JsonNode? value, SchemaNode from, SchemaNode to)
    {
        way.Add((step, from));
        Value(value, to);
        way.RemoveAt(way.Count - 1);
    }

    private void Object(JsonObject map, SchemaNode schema)
    {
        foreach ((string key, JsonNode? value) in map)
        {
            if (schema.Fields.TryGetValue(key, out SchemaNode? field))
            {
                Step(key, value, schema, field);
            }
            else if (!schema.KeepsUnknown && !(about.IsPatch && key is ['$', ..]))
            {
                Unknown(key, value, schema);
            }
        }

        RequiredFields(map, schema);
    }

    private void RequiredFields(JsonObject map, SchemaNode schema)
    {
        if (InStatus || about.IsPatch)
        {
            return;
        }

        foreach (string name in schema.Required)
        {
            if (name == "selector" && about.IsKustomized && way.Count == 1)
            {
                continue;
            }

            bool missing = schema.IsCustom ? !map.ContainsKey(name) : map[name] is null;
            if (missing && !(schema.Fields.TryGetValue(name, out SchemaNode? field) && field.Default is not null) && !FilledIn.Contains($"{schema.Name}.{name}") && !(way.Count == 0 && name is "metadata"))
            {
                Wrong(
                    ManifestRule.RequiredField, $"{Here} has no '{name}', which is required.", null, name);
            }
        }
    }

    private void List(JsonArray list, SchemaNode schema)
    {
        for (int i = 0; i < list.Count; i++)
        {
            Step(i, list[i], schema, schema.Element!);
        }

        if (schema.Keys.Count > 0 && list.Count > 1 && !InStatus)
        {
            Dictionary<string, int> seen = new(StringComparer.Ordinal);
            for (int i = 0; i < list.Count; i++)
            {
                if (list[i] is JsonObject item && KeyOf(item, schema) is { } key && !seen.TryAdd(key, i))
                {
                    way.Add((i, schema));
                    Wrong(ManifestRule.DuplicateItem, $"{Here} has the same {string.Join(" and ", schema.Keys)} as the item {seen[key]} of the list: {key}.", null);
                    way.RemoveAt(way.Count - 1);
                }
            }
        }
        else if (schema.IsSet && list.Count > 1 && !InStatus)
        {
            HashSet<string> seen = new(StringComparer.Ordinal);
            for (int i = 0; i < list.Count; i++)
            {
                if (!seen.Add(list[i]?.ToJsonString() ?? "null"))
                {
                    way.Add((i, schema));
                    Wrong(ManifestRule.DuplicateItem, $"{Here} stands in the list twice.", "Remove one of them.");
                    way.RemoveAt(way.Count - 1);
                }
            }
        }
    }

    private static string? KeyOf(JsonObject item, SchemaNode schema)
    {
        string?[] parts = [.. schema.Keys.Select(key => item[key]?.ToString() ?? (schema.Element!.Fields.TryGetValue(key, out SchemaNode? field) ? field.Default : null))];
        return Array.Exists(parts, part => part is null) && Array.TrueForAll(parts, part => part is null) ? null : string.Join(", ", parts);
    }

    private void Plain(JsonNode node, SchemaNode schema)
    {
        JsonValueKind kind = node.GetValueKind();
        string? text = kind == JsonValueKind.String ? node.GetValue<string>() : null;
        bool fits = schema.Type switch
        {
            SchemaType.String or SchemaType.Bytes or SchemaType.Time => text is not null,
            SchemaType.Boolean => kind is JsonValueKind.True or JsonValueKind.False,
            SchemaType.Integer => kind == JsonValueKind.Number && IsWhole(node),
            SchemaType.Number => kind == JsonValueKind.Number,
            SchemaType.IntOrString => text is not null || (kind == JsonValueKind.Number && IsWhole(node)),
            _ => text is not null || kind == JsonValueKind.Number,
        };
        if (!fits)
        {
            WrongType(node, schema);
            return;
        }

        switch (schema.Type)
        {
            case SchemaType.Quantity when !Quantity.TryParse(text ?? node.ToJsonString(), out _, out _) && text?.Length != 0 && !ReviewedPods.IsStandIn(text ?? ""):
                Wrong(ManifestRule.InvalidValue, $"{Here} is not a quantity{Shown(node)}.", "Write a number with a suffix that Kubernetes knows: 500m, 2, 128Mi, 1Gi.");
                break;
            case SchemaType.Time when text!.Length > 0 && !IsTime(text):
                Wrong(ManifestRule.InvalidValue, $"{Here} is not a time{Shown(node)}.", "Write a time of RFC 3339: 2026-01-31T12:00:00Z.");
                break;
            case SchemaType.Bytes when !IsBase64(text!) && !ReviewedPods.IsStandIn(text!):
                Wrong(ManifestRule.InvalidValue, $"{Here} is not valid base64.", about is { Kind: "Secret" } ? "Encode the value, or write it plainly under stringData." : "Encode the value in base64.");
                break;
        }

        // Go's types take an empty text for nothing.
        string value = text ?? node.ToJsonString();
        if (schema.Enum.Count > 0 && !schema.Enum.Contains(value) && (schema.IsCustom || value.Length > 0) && !InStatus)
        {
            string near = text is not null && NearestNames.Find(text, schema.Enum) is { } like ? $" Did you mean '{like}'?" : "";
            Wrong(ManifestRule.InvalidValue, $"{Here} must be one of {Listed(schema.Enum)}{Shown(node)}.{near}", $"Write one of {Listed(schema.Enum)}.");
        }
    }

    private void Limits(JsonNode node, SchemaNode schema, SchemaLimits limits)
    {
        switch (node)
        {
            case JsonObject map:
                Count(map.Count, limits.MinFields, limits.MaxFields, "field");
                break;
            case JsonArray list:
                Count(list.Count, limits.MinItems, limits.MaxItems, "item");
                break;
            default:
                switch (node.GetValueKind())
                {
                    case JsonValueKind.String:
                        Text(node.GetValue<string>(), node, schema, limits);
                        break;
                    case JsonValueKind.Number:
                        Number(double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture), node, limits);
                        break;
                }

                break;
        }

        if (limits is { AllOf.Count: 0, AnyOf.Count: 0, OneOf.Count: 0, Not: null })
        {
            return;
        }

        // The server fills in defaults before it looks at the forms.
        node = WithDefaults(node, schema);
        foreach (SchemaNode part in limits.AllOf)
        {
            Value(node, part);
        }

        if (limits.AnyOf.Count > 0 && !limits.AnyOf.Any(part => Fits(node, part)))
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} fits none of the {limits.AnyOf.Count} forms that its schema allows{Demanded(limits.AnyOf)}.", null);
        }

        if (limits.OneOf.Count > 0 && limits.OneOf.Count(part => Fits(node, part)) is var fitting and not 1)
        {
            Wrong(
                ManifestRule.InvalidValue,
                fitting == 0 ? $"{Here} fits none of the {limits.OneOf.Count} forms that its schema allows{Demanded(limits.OneOf)}."
                    : $"{Here} fits {fitting} of the forms of which its schema allows one{Demanded(limits.OneOf)}.", null);
        }

        if (limits.Not is { } not && Fits(node, not))
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} has a form that its schema forbids{(not.Required.Count > 0 ? ": it must not have " + string.Join(" together with ", not.Required) : "")}.", null);
        }
    }

    private static JsonNode WithDefaults(JsonNode node, SchemaNode schema)
    {
        (string Name, string Value)[] missing = node is JsonObject map
            ? [.. schema.Fields.Where(field => field.Value is { Default: not null, Type: SchemaType.String } && !map.ContainsKey(field.Key)).Select(field => (field.Key, field.Value.Default!))] : [];
        if (missing.Length == 0)
        {
            return node;
        }

        JsonObject filled = (JsonObject)node.DeepClone();
        foreach ((string name, string value) in missing)
        {
            filled[name] = value;
        }

        return filled;
    }

    private void Text(string text, JsonNode node, SchemaNode schema, SchemaLimits limits)
    {
        if (limits.Pattern?.Value is { } pattern && schema.Type == SchemaType.String && !pattern.IsMatch(text))
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} does not match {limits.PatternText}{Shown(node)}.", "Write a value that the pattern allows.");
        }

        if (limits.MinLength is not null || limits.MaxLength is not null)
        {
            Count(text.EnumerateRunes().Count(), limits.MinLength, limits.MaxLength, "character");
        }

        if (schema is { IsCustom: true, Type: SchemaType.String } && Misformed(limits.Format, text) is { } wrong)
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} is not {wrong}{Shown(node)}.", $"Write {wrong}.");
        }
    }

    private static string? Misformed(string? format, string text) => format switch
    {
        "date-time" => IsTime(text) ? null : "a time of RFC 3339",
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? null : "a date (2026-01-31)",
        "byte" => IsBase64(text) ? null : "valid base64",
        "ipv4" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? null : "an IPv4 address",
        "ipv6" => System.Net.IPAddress.TryParse(text, out System.Net.IPAddress? six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? null : "an IPv6 address",
        "uuid" => Guid.TryParse(text, out _) ? null : "a UUID",
        _ => null,
    };

    private void Number(double number, JsonNode node, SchemaLimits limits)
    {
        if (limits.Minimum is { } least && (number < least || (number == least && limits.ExclusiveMinimum)))
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} must be {(limits.ExclusiveMinimum ? "more than" : "at least")} {Plainly(least)}{Shown(node)}.", null);
        }

        if (limits.Maximum is { } most && (number > most || (number == most && limits.ExclusiveMaximum)))
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} must be {(limits.ExclusiveMaximum ? "less than" : "at most")} {Plainly(most)}{Shown(node)}.", null);
        }

        if (limits.Format == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} does not fit 32 bits{Shown(node)}.", null);
        }

        if (limits.MultipleOf is { } step && step > 0 && Math.Abs((number / step) - Math.Round(number / step)) > 1e-9)
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} must be a multiple of {Plainly(step)}{Shown(node)}.", null);
        }
    }

    private void Count(long count, long? least, long? most, string what)
    {
        if (count < least)
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} has {Counted.Of(count, what)}, but must have {least} at least.", null);
        }

        if (count > most)
        {
            Wrong(ManifestRule.InvalidValue, $"{Here} has {Counted.Of(count, what)}, but must have {most} at most.", null);
        }
    }

    private bool Fits(JsonNode node, SchemaNode schema)
    {
        bool before = failed;
        failed = false;
        trial++;
        Value(node, schema);
        trial--;
        bool fits = !failed;
        failed = before;
        return fits;
    }

    private void Unknown(string key, JsonNode? value, SchemaNode schema)
    {
        if (trial > 0)
        {
            failed = true;
            return;
        }

        (string hint, string action) =
            schema.Fields.Keys.FirstOrDefault(name => name.Equals(key, StringComparison.OrdinalIgnoreCase)) is { } same ? ($" Did you mean '{same}'?", $"Write {same}.")
            : schema.Fields.Count > 0 && Ancestor(key) is { } above ? ($" It belongs to {above}.", $"Move it to {above}: its indentation is wrong.")
            : Child(key, schema) is { } below && !schema.Fields.Keys.Any(name => NearestNames.Distance(name, key) <= 1) ? ($" It belongs to {below}.", $"Move it to {below}.")
            : NearestNames.Find(key, schema.Fields.Keys) is { } near ? ($" Did you mean '{near}'?", $"Write {near}, or remove the field.")
            : schema.Fields.Count is > 0 and <= MostListed ? ($" It has {Listed(schema.Fields.Keys)}.", ManifestRule.UnknownField.Fix)
            : ("", ManifestRule.UnknownField.Fix);
        Wrong(ManifestRule.UnknownField, $"{Here} has no field '{key}'.{hint}", action, key);
    }

    // A field that is indented too far.
    private string? Ancestor(string key)
    {
        for (int i = way.Count - 1; i >= 0; i--)
        {
            if (way[i].Schema is { Type: SchemaType.Object } schema && schema.Fields.ContainsKey(key) && key.Length > 4)
            {
                return i == 0 ? $"the {about.Kind} itself" : PathOf(way.Take(i));
            }
        }

        return null;
    }

    // A field that is not indented far enough.
    private string? Child(string key, SchemaNode schema)
    {
        if (key.Length <= 4 || way.Count == 0)
        {
            return null;
        }

        string? found = schema.Fields.Where(field => field.Value.Type == SchemaType.Object && field.Value.Fields.ContainsKey(key)).Select(field => field.Key).FirstOrDefault();
        return found is null ? null : $"{PathOf(way)}.{found}";
    }

    private void WrongType(JsonNode node, SchemaNode schema)
    {
        JsonValueKind kind = node.GetValueKind();
        string action = schema.Type switch
        {
            SchemaType.String or SchemaType.Bytes or SchemaType.Time when kind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => "Put the value in quotes.",
            SchemaType.Integer or SchemaType.Number or SchemaType.Boolean when kind == JsonValueKind.String => "Write the value without quotes.",
            SchemaType.List when kind == JsonValueKind.Object => "Begin each item of the list with '- '.",
            SchemaType.List => "Write a list, each item after '- '.",
            _ => $"Write {Named(schema)}.",
        };
        Wrong(ManifestRule.WrongType, $"{Here} is {Called(node)}, but must be {Named(schema)}.", action);
    }

    private void Wrong(ManifestRule rule, string message, string? action, string? field = null)
    {
        failed = true;
        if (trial == 0)
        {
            string path = PathOf(way);
            findings.Add(about.Find(rule, field is null ? path : FieldPath.Of(path, field).TrimStart('.'), message, action));
        }
    }

    // How messages name the field that is looked at.
    private string Here => trial > 0 ? "" : way.Count == 0 ? $"The {about.Kind}" : PathOf(way);

    private string Shown(JsonNode node) => trial > 0 || about.Kind == "Secret" || node.ToString() is not { Length: <= LongestShown } text ? "" : $", not '{text.ReplaceLineEndings(" ")}'";

    private static string PathOf(IEnumerable<(object Step, SchemaNode Schema)> way)
    {
        string path = "";
        foreach ((object step, _) in way)
        {
            path = step is string key ? FieldPath.Of(path, key).TrimStart('.') : string.Create(CultureInfo.InvariantCulture, $"{path}[{step}]");
        }

        return path;
    }

    private static string Demanded(IEnumerable<SchemaNode> parts)
    {
        string[] sets = [.. parts.Where(part => part.Required.Count > 0).Select(part => string.Join(" and ", part.Required))];
        return sets.Length == 0 ? "" : $": {string.Join("; or ", sets)}";
    }

    private static string Listed(IEnumerable<string> values) => SomeOf.Names(values, MostListed);

    private static string Named(SchemaNode schema) => schema.Type switch
    {
        SchemaType.Object or SchemaType.Map => "a mapping",
        SchemaType.List => "a list",
        SchemaType.Integer => "an integer",
        SchemaType.Number => "a number",
        SchemaType.Boolean => "true or false",
        SchemaType.Quantity => "a quantity",
        SchemaType.IntOrString => "an integer or a string",
        _ => "a string",
    };

    private static string Called(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "a mapping",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => IsWhole(node) ? "an integer" : "a number",
        _ => "a boolean",
    };

    private static string Plainly(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static bool IsWhole(JsonNode node)
    {
        JsonValue value = node.AsValue();
        return value.TryGetValue(out long _) || value.TryGetValue(out int _) || value.TryGetValue(out ulong _)
            || (double.TryParse(value.ToJsonString(), CultureInfo.InvariantCulture, out double real) && Math.Floor(real) == real);
    }

    private static bool IsTime(string text) =>
        text.Length >= 20 && text[10] is 'T' or 't' && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    private static bool IsBase64(string text)
    {
        // Go's decoder skips line ends and nothing else.
        string data = text.Contains('\n', StringComparison.Ordinal) ? text.ReplaceLineEndings("") : text;
        return data.Length % 4 == 0 && !data.AsSpan().ContainsAny(" \t") && Convert.TryFromBase64String(data, new byte[(data.Length / 4 * 3) + 3], out _);
    }
}
