using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// Reads policy documents by the grammar of the IAM User Guide
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html), and says where one breaks it.
/// </summary>
internal static partial class PolicyReader
{
    private static readonly string[] DocumentNames = ["Version", "Id", "Statement"];

    private static readonly string[] StatementNames =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    private static readonly string[] PrincipalNames = ["AWS", "Service", "Federated", "CanonicalUser"];

    public static PolicyDocument Read(string json, PolicyKind kind)
    {
        PolicyDocument document;
        try
        {
            using JsonDocument parsed = JsonDocument.Parse(json.TrimStart('\uFEFF'));
            document = ReadDocument(parsed.RootElement);
        }
        catch (JsonException e)
        {
            // The reader's own message ends with the place in words of its own.
            string problem = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].Split(" which is not supported in this mode")[0].TrimEnd('.');
            bool comment = IsComment(json, e.LineNumber ?? 0, e.BytePositionInLine ?? 0);
            throw Malformed(
                $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}",
                comment ? "a comment begins here, and a policy can have none: remove it" : "this is not JSON: " + problem);
        }

        Validate(document, kind);
        return document;
    }

    public static void Validate(PolicyDocument document, PolicyKind kind)
    {
        HashSet<string> sids = new(StringComparer.Ordinal);
        for (int i = 0; i < document.Statement.Count; i++)
        {
            PolicyStatement statement = document.Statement[i];
            string place = Place(i);
            // Terraform wrote an empty Sid into every statement, and IAM takes that.
            if (statement.Sid is { Length: > 0 } sid && !sids.Add(sid))
            {
                throw Malformed(place + ".Sid", $"'{sid}' occurs twice; each Sid must be unique");
            }

            if (kind is PolicyKind.Identity or PolicyKind.Trust && statement.Sid is { } name && !name.All(char.IsAsciiLetterOrDigit))
            {
                throw Malformed(place + ".Sid", $"'{name}' is not valid: only letters and digits are allowed");
            }

            OneOf(place, "Action", statement.Action.Count, "NotAction", statement.NotAction.Count, needed: true);
            OneOf(place, "Resource", statement.Resource.Count, "NotResource", statement.NotResource.Count,
                needed: kind is PolicyKind.Identity or PolicyKind.Resource);
            OneOf(place, "Principal", statement.Principal is null ? 0 : 1, "NotPrincipal", statement.NotPrincipal is null ? 0 : 1, needed: false);
            if (kind is PolicyKind.Resource or PolicyKind.Trust && (statement.Principal ?? statement.NotPrincipal) is null)
            {
                throw Malformed(place, "Principal is missing: a policy of a resource or role says whom it is about. New-LabPolicyDocument writes it with -Principal: an account id, an ARN, a service, or * for everyone");
            }

            if (kind == PolicyKind.Trust && statement.Resource.Count + statement.NotResource.Count > 0)
            {
                throw Malformed(place + ".Resource", "not allowed in a trust policy, which always applies to its own role");
            }

            if (kind == PolicyKind.Identity && (statement.Principal ?? statement.NotPrincipal) is not null)
            {
                throw Malformed(place + ".Principal", "not allowed in a policy of a user, role or session, which always applies to that identity");
            }

            CheckAll(place + ".Action", statement.Action, IsAction, "an action is written service:Name, such as s3:GetObject, or *");
            CheckAll(place + ".NotAction", statement.NotAction, IsAction, "an action is written service:Name, such as s3:GetObject, or *");
            CheckAll(place + ".Resource", statement.Resource, IsResource, "a resource is an ARN, such as arn:aws:s3:::bucket/key, or *");
            CheckAll(place + ".NotResource", statement.NotResource, IsResource, "a resource is an ARN, such as arn:aws:s3:::bucket/key, or *");
        }
    }

    /// <summary>The exception for a document that breaks the grammar.</summary>
    /// <param name="place">Where: <c>Statement[1].Action</c>, or line and column.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <returns>The exception to throw.</returns>
    public static LabException Malformed(string place, string problem) =>
        new(LabErrorKind.InvalidData, "MalformedPolicyDocument", $"Policy document, {place}: {problem}.");

    /// <summary>A hint at the name that was probably meant.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="known">Names that exist.</param>
    /// <returns>A question to end the sentence with, or nothing.</returns>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        string? near = known
            .Select(candidate => (candidate, distance: NearestNames.Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(pair => pair.distance <= Math.Max(1, pair.candidate.Length / 4))
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
        return near is null ? "" : $"; did you mean '{near}'?";
    }

    // The place that the reader gives is in bytes.
    private static bool IsComment(string json, long line, long column)
    {
        string[] lines = json.TrimStart('\uFEFF').Split('\n');
        if (line >= lines.Length)
        {
            return false;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(lines[line]);
        return column < bytes.Length && bytes[column] is (byte)'/' or (byte)'#';
    }

    private static PolicyDocument ReadDocument(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Malformed("at its root", "an object { } is expected");
        }

        string version = "2008-10-17";
        string? id = null;
        List<PolicyStatement>? statements = null;
        foreach (JsonProperty property in Members(root, "at its root", DocumentNames))
        {
            switch (property.Name)
            {
                case "Version":
                    version = Text(property.Value, "Version");
                    if (version is not ("2012-10-17" or "2008-10-17"))
                    {
                        throw Malformed("Version", $"'{version}' is not a version of the policy language; write 2012-10-17");
                    }

                    break;
                case "Id":
                    id = Text(property.Value, "Id");
                    break;
                default:
                    statements = property.Value.ValueKind switch
                    {
                        JsonValueKind.Object => [ReadStatement(property.Value, Place(0))],
                        JsonValueKind.Array => [.. property.Value.EnumerateArray().Select((item, i) => ReadStatement(item, Place(i)))],
                        _ => throw Malformed("Statement", "an object or an array of objects is expected"),
                    };
                    break;
            }
        }

        return statements switch
        {
            null => throw Malformed("at its root", "Statement is missing"),
            { Count: 0 } => throw Malformed("Statement", "the array is empty"),
            _ => new PolicyDocument(statements, version, id),
        };
    }

    private static PolicyStatement ReadStatement(JsonElement element, string place)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(place, "an object { } is expected");
        }

        PolicyStatement statement = new();
        bool hasEffect = false;
        foreach (JsonProperty property in Members(element, place, StatementNames))
        {
            string here = place + "." + property.Name;
            JsonElement value = property.Value;
            switch (property.Name)
            {
                case "Sid":
                    statement = statement with { Sid = Text(value, here) };
                    break;
                case "Effect":
                    hasEffect = true;
                    statement = statement with
                    {
                        Effect = Text(value, here) switch
                        {
                            "Allow" => PolicyEffect.Allow,
                            "Deny" => PolicyEffect.Deny,
                            string other => throw Malformed(here, $"'{other}' is neither Allow nor Deny"),
                        },
                    };
                    break;
                case "Principal":
                    statement = statement with { Principal = ReadPrincipal(value, here) };
                    break;
                case "NotPrincipal":
                    statement = statement with { NotPrincipal = ReadPrincipal(value, here) };
                    break;
                case "Action":
                    statement = statement with { Action = Texts(value, here) };
                    break;
                case "NotAction":
                    statement = statement with { NotAction = Texts(value, here) };
                    break;
                case "Resource":
                    statement = statement with { Resource = Texts(value, here) };
                    break;
                case "NotResource":
                    statement = statement with { NotResource = Texts(value, here) };
                    break;
                default:
                    statement = statement with { Condition = ReadConditions(value, here, place) };
                    break;
            }
        }

        return hasEffect ? statement : throw Malformed(place, "Effect is missing; write Allow or Deny");
    }

    private static PolicyPrincipal ReadPrincipal(JsonElement element, string place)
    {
        if (element.ValueKind == JsonValueKind.String && element.GetString() == "*")
        {
            return PolicyPrincipal.Everyone;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(place, """write "*" or an object such as { "AWS": "arn:aws:iam::123456789012:user/ann" }""");
        }

        Dictionary<string, IReadOnlyList<string>> found = [];
        foreach (JsonProperty property in Members(element, place, PrincipalNames))
        {
            found[property.Name] = Texts(property.Value, place + "." + property.Name);
        }

        return found.Count == 0
            ? throw Malformed(place, "no principal is named")
            : new PolicyPrincipal
            {
                AWS = found.GetValueOrDefault("AWS") ?? [],
                Service = found.GetValueOrDefault("Service") ?? [],
                Federated = found.GetValueOrDefault("Federated") ?? [],
                CanonicalUser = found.GetValueOrDefault("CanonicalUser") ?? [],
            };
    }

    private static List<PolicyCondition> ReadConditions(JsonElement element, string place, string statement)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Malformed(place, """an object such as { "StringLike": { "s3:prefix": "a/*" } } is expected""");
        }

        List<PolicyCondition> conditions = [];
        foreach (JsonProperty group in Members(element, place, null))
        {
            string here = place + "." + group.Name;
            if (group.Value.ValueKind != JsonValueKind.Object)
            {
                throw Malformed(here, "an object of condition keys and values is expected");
            }

            foreach (JsonProperty condition in Members(group.Value, here, null))
            {
                string key = condition.Name;
                if (!key.Contains(':', StringComparison.Ordinal))
                {
                    throw Malformed(here, $"'{key}' is not a condition key: write service:name, such as s3:prefix");
                }

                try
                {
                    conditions.Add(new PolicyCondition(group.Name, key, Texts(condition.Value, here + "." + key, scalars: true)));
                }
                catch (LabException e) when (e.Message.StartsWith("Policy document, Condition", StringComparison.Ordinal))
                {
                    throw new LabException(e.Kind, e.Code, e.Message.Replace("Policy document, ", $"Policy document, {statement}.", StringComparison.Ordinal));
                }
            }
        }

        return conditions;
    }

    private static IEnumerable<JsonProperty> Members(JsonElement element, string place, string[]? known)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (known is not null && !known.Contains(property.Name, StringComparer.Ordinal))
            {
                throw Malformed(place, $"'{property.Name}' is not a valid element{Suggest(property.Name, known)}");
            }

            if (!seen.Add(property.Name))
            {
                throw Malformed(place, $"'{property.Name}' occurs twice");
            }

            yield return property;
        }
    }

    private static string Text(JsonElement element, string place) => element.ValueKind == JsonValueKind.String
        ? element.GetString()!
        : throw Malformed(place, "a string is expected");

    private static List<string> Texts(JsonElement element, string place, bool scalars = false)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            return [Scalar(element, place, scalars, "a string or an array of strings is expected")];
        }

        List<string> texts = [.. element.EnumerateArray()
            .Select((item, i) => Scalar(item, $"{place}[{i}]", scalars, "a string is expected"))];
        return texts.Count > 0 || scalars ? texts : throw Malformed(place, "the array is empty");
    }

    private static string Scalar(JsonElement element, string place, bool scalars, string expected) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.True or JsonValueKind.False or JsonValueKind.Number when scalars => element.GetRawText(),
        _ => throw Malformed(place, expected),
    };

    private static void OneOf(string place, string name, int count, string negated, int negatedCount, bool needed)
    {
        if (count > 0 && negatedCount > 0)
        {
            throw Malformed(place, $"{name} and {negated} cannot be combined");
        }

        if (needed && count + negatedCount == 0)
        {
            throw Malformed(place, $"{name} is missing");
        }
    }

    private static void CheckAll(string place, IReadOnlyList<string> values, Func<string, bool> good, string rule)
    {
        foreach (string value in values)
        {
            if (!good(value))
            {
                throw Malformed(place, $"'{value}' is not valid: {rule}");
            }
        }
    }

    private static bool IsAction(string text) => text == "*" || ActionForm().IsMatch(text);

    private static bool IsResource(string text) =>
        text is "*" || text.StartsWith("arn:", StringComparison.Ordinal) || text.StartsWith("${", StringComparison.Ordinal)
        || text.StartsWith('*');

    private static string Place(int statement) => $"Statement[{statement}]";

    [GeneratedRegex(@"^(\*|[A-Za-z0-9-]+):[A-Za-z0-9*?]+$")]
    private static partial Regex ActionForm();
}
