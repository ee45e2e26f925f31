using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Emulator.Kubernetes.Resources;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>One demand of a label selector.</summary>
/// <param name="Key">Label.</param>
/// <param name="Operator"><c>In</c>, <c>NotIn</c>, <c>Exists</c>, <c>DoesNotExist</c>, <c>Gt</c> or <c>Lt</c>.</param>
/// <param name="Values">What the label is held against.</param>
internal sealed record LabelRequirement(string Key, string Operator, IReadOnlyList<string> Values)
{
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        bool there = labels.TryGetValue(Key, out string? value);
        return Operator switch
        {
            "In" => there && Values.Contains(value),
            "NotIn" => !there || !Values.Contains(value),
            "Exists" => there,
            "DoesNotExist" => !there,
            "Gt" => long.TryParse(value, out long number) && number > long.Parse(Values[0]),
            "Lt" => long.TryParse(value, out long number) && number < long.Parse(Values[0]),
            _ => false,
        };
    }
}

/// <summary>Selects objects by their labels, from a query (<c>app in (a,b),!old</c>) or from an object's selector.</summary>
internal sealed partial class LabelSelector(IReadOnlyList<LabelRequirement> requirements)
{
    public static LabelSelector Everything { get; } = new([]);

    public bool IsEmpty => requirements.Count == 0;

    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        List<LabelRequirement> requirements = [];
        int at = 0;
        while (true)
        {
            Match match = Requirement().Match(text, at);
            if (!match.Success)
            {
                throw ApiError.BadRequest($"unable to parse requirement: {text[at..]}");
            }

            requirements.Add(Read(match));
            at = match.Index + match.Length;
            if (at == text.Length)
            {
                return new LabelSelector(requirements);
            }

            if (text[at] != ',')
            {
                throw ApiError.BadRequest($"unable to parse requirement: found '{text[at..]}', expected: ',' or 'end of string'");
            }

            at++;
        }
    }

    /// <summary>From <c>matchLabels</c> and <c>matchExpressions</c>; a selector that is not there selects nothing.</summary>
    public static LabelSelector? FromObject(JsonNode? selector)
    {
        if (selector is not JsonObject)
        {
            return null;
        }

        List<LabelRequirement> requirements = [.. selector.Strings("matchLabels").Select(pair => new LabelRequirement(pair.Key, "In", [pair.Value]))];
        requirements.AddRange(selector.Items("matchExpressions").Select(expression =>
            new LabelRequirement(expression.Text("key") ?? "", expression.Text("operator") ?? "", [.. expression.Texts("values")])));
        return new LabelSelector(requirements);
    }

    /// <summary>From a plain map, such as a Service's selector.</summary>
    public static LabelSelector FromMap(JsonNode? map) =>
        new([.. map.Strings().Select(pair => new LabelRequirement(pair.Key, "In", [pair.Value]))]);

    public bool Matches(IReadOnlyDictionary<string, string> labels) => requirements.All(requirement => requirement.Matches(labels));

    /// <summary>As <c>kubectl</c> and the scale subresource show it.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (LabelRequirement r in requirements.OrderBy(requirement => requirement.Key, StringComparer.Ordinal))
        {
            text.Append(text.Length == 0 ? "" : ",").Append(r.Operator switch
            {
                "In" when r.Values.Count == 1 => $"{r.Key}={r.Values[0]}",
                "In" => $"{r.Key} in ({string.Join(',', r.Values.Order(StringComparer.Ordinal))})",
                "NotIn" => $"{r.Key} notin ({string.Join(',', r.Values.Order(StringComparer.Ordinal))})",
                "Exists" => r.Key,
                "DoesNotExist" => "!" + r.Key,
                "Gt" => $"{r.Key}>{r.Values[0]}",
                _ => $"{r.Key}<{r.Values[0]}",
            });
        }

        return text.ToString();
    }

    private static LabelRequirement Read(Match match)
    {
        string key = match.Groups["key"].Value;
        if (match.Groups["set"].Success)
        {
            return new LabelRequirement(key, match.Groups["set"].Value == "in" ? "In" : "NotIn",
                [.. match.Groups["values"].Value.Split(',').Select(value => value.Trim())]);
        }

        string value = match.Groups["value"].Value;
        return match.Groups["op"].Value switch
        {
            "=" or "==" => new LabelRequirement(key, "In", [value]),
            "!=" => new LabelRequirement(key, "NotIn", [value]),
            ">" or "<" when !long.TryParse(value, out _) =>
                throw ApiError.BadRequest($"values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"),
            ">" => new LabelRequirement(key, "Gt", [value]),
            "<" => new LabelRequirement(key, "Lt", [value]),
            _ => new LabelRequirement(key, match.Groups["not"].Success ? "DoesNotExist" : "Exists", []),
        };
    }

    [GeneratedRegex(@"\G\s*(?:(?<not>!)\s*(?<key>[A-Za-z0-9][\w./-]*)|(?<key>[A-Za-z0-9][\w./-]*)(?:\s+(?<set>in|notin)\s*\((?<values>[\w.,\s-]*)\)|\s*(?<op>==|=|!=|>|<)\s*(?<value>[\w.-]*))?)\s*(?=,|$)")]
    private static partial Regex Requirement();
}

/// <summary>Selects objects by some of their fields: <c>status.phase=Running,metadata.name!=x</c>.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Path, bool IsEqual, string Value)> requirements = [];

    private FieldSelector()
    {
    }

    public bool IsEmpty => requirements.Count == 0;

    public static FieldSelector Parse(string? text, ResourceKind kind)
    {
        FieldSelector selector = new();
        foreach (string part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int bang = part.IndexOf("!=", StringComparison.Ordinal), equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
            {
                throw ApiError.BadRequest($"invalid selector: '{text}'; can't understand '{part}'");
            }

            bool isEqual = bang < 0;
            string path = part[..(isEqual ? equals : bang)].Trim(), value = part[(isEqual ? equals + 1 : bang + 2)..].TrimStart('=').Trim();
            if (path is not ("metadata.name" or "metadata.namespace") && !Allowed(kind).Contains(path))
            {
                throw ApiError.BadRequest(Allowed(kind).Length == 0
                    ? $"\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"" : $"field label not supported: {path}");
            }

            selector.requirements.Add((path, isEqual, value));
        }

        return selector;
    }

    /// <summary>The name that is asked for, if it is only that.</summary>
    public bool Matches(JsonObject node) => requirements.All(requirement => Value(node, requirement.Path) == requirement.Value == requirement.IsEqual);

    private static string Value(JsonObject node, string path)
    {
        if (path is "source" or "reportingComponent" && node.At("involvedObject") is not null)
        {
            return node.Text("source", "component") is { Length: > 0 } source ? source : node.Text("reportingComponent") ?? "";
        }

        JsonNode? at = node;
        foreach (string name in path.Split('.'))
        {
            at = (at as JsonObject)?[name];
        }

        return at switch
        {
            null => path is "spec.unschedulable" or "spec.hostNetwork" ? "false" : path == "status.successful" ? "0" : "",
            JsonValue value when value.TryGetValue(out string? text) => text,
            _ => Json.Line(at),
        };
    }

    private static string[] Allowed(ResourceKind kind) => kind.StorageKey switch
    {
        "/pods" => ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP",
            "status.nominatedNodeName"],
        "/events" when kind.Group.Length == 0 => ["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"],
        "/events" => ["regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion",
            "regarding.fieldPath", "reason", "reportingController", "type"],
        "/secrets" => ["type"],
        "/namespaces" => ["status.phase"],
        "/nodes" => ["spec.unschedulable"],
        "/services" => ["spec.clusterIP", "spec.type"],
        "/replicationcontrollers" or "apps/replicasets" => ["status.replicas"],
        "batch/jobs" => ["status.successful"],
        "certificates.k8s.io/certificatesigningrequests" => ["spec.signerName"],
        _ => [],
    };
}
