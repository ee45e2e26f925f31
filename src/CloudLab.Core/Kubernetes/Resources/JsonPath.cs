using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>
/// A path as kubectl's <c>jsonpath</c> reads it (kubernetes <c>client-go/util/jsonpath</c>): fields, <c>['a.b']</c>, <c>a\.b</c>, indexes, ranges
/// <c>[0:2]</c>, unions, <c>*</c>, <c>..</c> and filters <c>[?(@.type=="Ready")]</c>. What is not there is no match.
/// </summary>
internal sealed class JsonPath
{
    private readonly IReadOnlyList<Step> steps;

    private JsonPath(string text, IReadOnlyList<Step> steps)
    {
        Text = text;
        this.steps = steps;
    }

    /// <summary>How it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a path; braces and the first dot may be left out.</summary>
    /// <param name="text">The path: <c>{.status.phase}</c>, <c>.status.phase</c> or <c>status.phase</c>.</param>
    /// <returns>The path. Throws <see cref="LabException"/> (<c>JsonPathInvalid</c>) with the place of the mistake.</returns>
    public static JsonPath Parse(string text)
    {
        string inner = text.Trim();
        if (inner.StartsWith('{') && inner.EndsWith('}'))
        {
            inner = inner[1..^1].Trim();
        }

        if (inner.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "JsonPathInvalid", "The JSON path is empty: give one such as {.status.phase}.");
        }

        // 'status.phase' is '.status.phase'.
        Reader reader = new(text, inner[0] is '.' or '[' or '$' or '@' ? inner : "." + inner);
        List<Step> steps = reader.Steps();
        return reader.AtEnd ? new JsonPath(text, steps) : throw reader.Mistake("a '.' or '[' is expected");
    }

    /// <summary>The first value that a path leads to; none where the path itself is wrong.</summary>
    /// <param name="node">Where it begins.</param>
    /// <param name="path">The path.</param>
    /// <returns>The value, or null.</returns>
    public static JsonNode? First(JsonNode? node, string path)
    {
        try
        {
            return Parse(path).Find(node).FirstOrDefault();
        }
        catch (LabException)
        {
            return null;
        }
    }

    /// <summary>Everything that the path leads to.</summary>
    /// <param name="node">Where it begins.</param>
    /// <returns>The values in order; none where it leads nowhere.</returns>
    public IReadOnlyList<JsonNode> Find(JsonNode? node) => Find(steps, node);

    /// <summary>A value as kubectl prints it: text without quotation marks, all else as JSON.</summary>
    /// <param name="node">The value.</param>
    /// <returns>Its text.</returns>
    public static string Print(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : node.ToJsonString();

    private static IReadOnlyList<JsonNode> Find(IReadOnlyList<Step> steps, JsonNode? node)
    {
        List<JsonNode> found = node is null ? [] : [node];
        foreach (Step step in steps)
        {
            found = [.. found.SelectMany(step.Apply)];
        }

        return found;
    }

    private static IEnumerable<JsonNode> Children(JsonNode node) => node switch
    {
        JsonObject map => map.Select(pair => pair.Value).OfType<JsonNode>(),
        JsonArray list => list.OfType<JsonNode>(),
        _ => [],
    };

    private abstract record Step
    {
        public abstract IEnumerable<JsonNode> Apply(JsonNode node);
    }

    private sealed record Field(string Name) : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) =>
            node is JsonObject map && map.TryGetPropertyValue(Name, out JsonNode? value) && value is not null ? [value] : [];
    }

    private sealed record All : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) => Children(node);
    }

    private sealed record Descend : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) => Children(node).SelectMany(Apply).Prepend(node);
    }

    private sealed record Slice(int? From, int? To, int By) : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node)
        {
            if (node is not JsonArray list)
            {
                yield break;
            }

            int from = Place(From ?? 0, list.Count), to = Place(To ?? list.Count, list.Count);
            for (int at = Math.Max(0, from); at < Math.Min(to, list.Count); at += By)
            {
                if (list[at] is { } item)
                {
                    yield return item;
                }
            }
        }

        private static int Place(int index, int count) => index < 0 ? index + count : index;
    }

    private sealed record Index(int At) : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) =>
            node is JsonArray list && (At < 0 ? At + list.Count : At) is var at && at >= 0 && at < list.Count && list[at] is { } item ? [item] : [];
    }

    private sealed record Union(IReadOnlyList<Step> Parts) : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) => Parts.SelectMany(part => part.Apply(node));
    }

    private sealed record Filter(Operand Left, string? Operator, Operand? Right) : Step
    {
        public override IEnumerable<JsonNode> Apply(JsonNode node) => node is JsonArray list ? list.OfType<JsonNode>().Where(Fits) : [];

        private bool Fits(JsonNode item)
        {
            JsonNode? left = Left.Of(item);
            if (Operator is null || Right is null)
            {
                return left is not null;
            }

            return left is not null && Right.Of(item) is { } right && Compare(left, right) is { } order && Operator switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            };
        }

        private static int? Compare(JsonNode left, JsonNode right)
        {
            (string a, string b) = (Print(left), Print(right));
            bool numbers = left.GetValueKind() == JsonValueKind.Number && right.GetValueKind() == JsonValueKind.Number;
            return numbers ? decimal.Parse(a, NumberStyles.Float, CultureInfo.InvariantCulture).CompareTo(decimal.Parse(b, NumberStyles.Float, CultureInfo.InvariantCulture))
                : left.GetValueKind() == right.GetValueKind() || (left.GetValueKind() is JsonValueKind.True or JsonValueKind.False && right.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
                    ? string.CompareOrdinal(a, b)
                : null;
        }
    }

    private sealed record Operand(IReadOnlyList<Step>? Steps, JsonNode? Value)
    {
        public JsonNode? Of(JsonNode item) => Steps is null ? Value : Find(Steps, item).FirstOrDefault();
    }

    private sealed class Reader(string whole, string text)
    {
        private int at;

        public bool AtEnd => at == text.Length;

        public LabException Mistake(string what) => new(
            LabErrorKind.InvalidArgument, "JsonPathInvalid",
            $"The JSON path '{whole}' is wrong {(AtEnd ? "at its end" : $"at '{text[at..]}'")}: {what}.");

        public List<Step> Steps()
        {
            List<Step> steps = [];
            if (!AtEnd && text[at] is '$' or '@')
            {
                at++;
            }

            while (!AtEnd && text[at] is '.' or '[')
            {
                if (text[at] == '[')
                {
                    steps.Add(Bracket());
                    continue;
                }

                at++;
                if (!AtEnd && text[at] == '.')
                {
                    at++;
                    steps.Add(new Descend());
                }

                if (!AtEnd && text[at] == '*')
                {
                    at++;
                    steps.Add(new All());
                }
                else if (!AtEnd && text[at] != '[' && Name() is { Length: > 0 } name)
                {
                    steps.Add(new Field(name));
                }
            }

            return steps;
        }

        private string Name()
        {
            StringBuilder name = new();
            while (!AtEnd && !(char.IsWhiteSpace(text[at]) || text[at] is '.' or ',' or '[' or ']' or '$' or '@' or '{' or '}' or '(' or ')' or '=' or '!' or '<' or '>'))
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                {
                    at++;
                }

                name.Append(text[at++]);
            }

            return name.ToString();
        }

        private Step Bracket()
        {
            at++;
            Skip();
            if (At("?("))
            {
                return Condition();
            }

            List<Step> parts = [];
            do
            {
                Skip();
                parts.Add(Part());
                Skip();
            }
            while (At(","));
            return At("]") ? parts.Count == 1 ? parts[0] : new Union(parts) : throw Mistake("']' is expected");
        }

        private Step Part()
        {
            if (At("*"))
            {
                return new All();
            }

            if (!AtEnd && text[at] is '\'' or '"')
            {
                return new Field(Quoted());
            }

            int? from = Whole();
            if (!At(":"))
            {
                return from is { } index ? new Index(index) : throw Mistake("an index, a range, a name in quotation marks, '*' or a filter is expected");
            }

            int? to = Whole(), by = At(":") ? Whole() : null;
            return by is null or > 0 ? new Slice(from, to, by ?? 1) : throw Mistake("a range goes forward: its step is more than 0");
        }

        private Filter Condition()
        {
            Operand left = OneOperand();
            Skip();
            string? comparison = Array.Find(["==", "!=", "<=", ">=", "<", ">"], At);
            Operand? right = comparison is null ? null : OneOperand();
            Skip();
            return At(")") && At("]") ? new Filter(left, comparison, right) : throw Mistake("a filter is [?(@.field==\"value\")]");
        }

        private Operand OneOperand()
        {
            Skip();
            if (AtEnd)
            {
                throw Mistake("a value is expected");
            }

            if (text[at] is '@' or '$' or '.')
            {
                return new Operand(Steps(), null);
            }

            if (text[at] is '\'' or '"')
            {
                return new Operand(null, JsonValue.Create(Quoted()));
            }

            int end = text.AsSpan(at).IndexOfAny(" )=!<>") is var length && length < 0 ? text.Length : at + length;
            string word = text[at..end];
            JsonNode? value = word is "true" or "false" ? JsonValue.Create(word == "true")
                : decimal.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) ? JsonValue.Create(number)
                : null;
            if (value is null)
            {
                throw Mistake("a value is text in quotation marks, a number, true, false or a path that begins with @");
            }

            at = end;
            return new Operand(null, value);
        }

        private string Quoted()
        {
            char mark = text[at++];
            StringBuilder value = new();
            while (!AtEnd && text[at] != mark)
            {
                if (text[at] == '\\' && at + 1 < text.Length)
                {
                    at++;
                }

                value.Append(text[at++]);
            }

            return At(mark.ToString()) ? value.ToString() : throw Mistake($"the closing {mark} is missing");
        }

        private int? Whole()
        {
            Skip();
            int end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || (end == at && text[end] == '-')))
            {
                end++;
            }

            if (end == at || !int.TryParse(text.AsSpan(at, end - at), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number))
            {
                return null;
            }

            at = end;
            Skip();
            return number;
        }

        private void Skip()
        {
            while (!AtEnd && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }

        private bool At(string expected)
        {
            if (string.CompareOrdinal(text, at, expected, 0, expected.Length) != 0)
            {
                return false;
            }

            at += expected.Length;
            return true;
        }
    }
}
