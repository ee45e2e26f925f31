using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CloudLab.Core.Common.Yaml;

/// <summary>
/// Reads YAML as JSON the way Kubernetes does (<see cref="YamlScalar"/>), one document at a time: a document with a
/// mistake does not spoil its neighbours.
/// </summary>
internal static class YamlReader
{
    private const int DeepestLevel = 500;
    private const int LargeText = 200_000;
    private const int MostAliasedNodes = 400_000;
    private const string Template = "'{{' belongs to a template, not to YAML: render the template first (helm template) and deploy the output";
    private const string NotClosed = "a value is missing, or a list or mapping in brackets is not closed";

    /// <summary>Reads every document of a text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="mapped">Whether to note where everything stands.</param>
    /// <returns>The documents that have content or a mistake, in order.</returns>
    public static IEnumerable<SourceDocument> Read(string text, bool mapped = false)
    {
        IEnumerable<(int Start, int Length, int Line, int Number)> chunks =
            Split(text).Select((chunk, index) => (chunk.Start, chunk.Length, chunk.Line, index + 1));
        // Bundles of definitions run to megabytes; documents do not know of each other.
        return text.Length < LargeText
            ? chunks.SelectMany(Read)
            : chunks.AsParallel().AsOrdered().SelectMany(Read);

        IEnumerable<SourceDocument> Read((int Start, int Length, int Line, int Number) chunk) =>
            ReadChunk(text.Substring(chunk.Start, chunk.Length), chunk.Line, chunk.Number, mapped);
    }

    // A line that starts with "---" always begins a document, so mistakes cannot reach over it.
    private static IEnumerable<(int Start, int Length, int Line)> Split(string text)
    {
        int start = 0, startLine = 1, line = 1;
        bool begun = false;
        for (int i = 0; i < text.Length; line++)
        {
            int end = text.IndexOf('\n', i);
            end = end < 0 ? text.Length : end + 1;
            bool separator = IsMark(text, i, "---");
            if (separator && begun)
            {
                yield return (start, i - start, startLine);
                (start, startLine) = (i, line);
            }

            // %YAML and comments before the first separator belong to the document that it begins.
            begun = begun || separator || !(IsMark(text, i, "...") || IsBlankOrDirective(text.AsSpan(i, end - i)));
            i = end;
        }

        if (start < text.Length)
        {
            yield return (start, text.Length - start, startLine);
        }
    }

    private static bool IsMark(string text, int at, string mark) =>
        string.CompareOrdinal(text, at, mark, 0, 3) == 0 && (at + 3 >= text.Length || char.IsWhiteSpace(text[at + 3]));

    private static bool IsBlankOrDirective(ReadOnlySpan<char> line)
    {
        ReadOnlySpan<char> content = line.TrimStart();
        return content.IsEmpty || content[0] == '#' || line[0] == '%';
    }

    private static List<SourceDocument> ReadChunk(string chunk, int firstLine, int number, bool mapped)
    {
        List<SourceDocument> found = Parsed(chunk, firstLine, number, mapped, out YamlException? problem);
        while (problem is not null && WithoutBlanks(chunk, problem) is { } mended)
        {
            chunk = mended;
            found = Parsed(chunk, firstLine, number, mapped, out problem);
        }

        return found;
    }

    // Editors indent blank lines, too. YAML allows it, but the scanner refuses a '|' text that begins with such a line.
    private static string? WithoutBlanks(string chunk, YamlException problem)
    {
        if (!problem.Message.Contains("extra spaces in first line", StringComparison.Ordinal))
        {
            return null;
        }

        string[] lines = chunk.Split('\n');
        int next = Math.Clamp((int)problem.Start.Line - 1, 0, lines.Length), first = next;
        while (first > 0 && string.IsNullOrWhiteSpace(lines[first - 1]))
        {
            first--;
        }

        // One that is longer than the text is indented makes the text end before it has begun.
        int indent = next < lines.Length && lines[next].TrimStart() is { Length: > 0 } content ? lines[next].Length - content.Length : 0;
        string header = first > 0 ? lines[first - 1] : "";
        bool within = indent > header.Length - header.TrimStart(' ', '-').Length;
        bool changed = false;
        for (int i = first; i < next; i++)
        {
            string blank = lines[i].TrimEnd('\r');
            if (blank.Contains('\t', StringComparison.Ordinal) || (within && blank.Length > indent))
            {
                return null;
            }

            changed |= blank.Length > 0;
            lines[i] = lines[i][blank.Length..];
        }

        return changed ? string.Join('\n', lines) : null;
    }

    private static List<SourceDocument> Parsed(string chunk, int firstLine, int number, bool mapped, out YamlException? problem)
    {
        List<SourceDocument> found = [];
        problem = null;
        int line = firstLine;
        try
        {
            Parser parser = new(new Scanner(new StringReader(chunk), skipComments: true));
            parser.Consume<StreamStart>();
            while (!parser.TryConsume<StreamEnd>(out _))
            {
                parser.Consume<DocumentStart>();
                line = firstLine + (int)parser.Current!.Start.Line - 1;
                Builder builder = new(parser, firstLine, mapped ? new SourceMap() : null);
                JsonNode? content = builder.Node(0);
                parser.Consume<DocumentEnd>();
                if (Glued(builder.Duplicates, chunk, firstLine) is { } glued)
                {
                    found.Add(new SourceDocument(number, line, null, glued));
                }
                else if (content is not null)
                {
                    found.Add(new SourceDocument(number, line, content, null) { Duplicates = builder.Duplicates, Map = builder.Map });
                }
            }
        }
        catch (YamlException e)
        {
            problem = e;
            found.Add(new SourceDocument(number, line, null, Explain(e, chunk, firstLine)));
        }
        catch (InvalidOperationException)
        {
            // The scanner's way of saying that the text ended inside a list or mapping in brackets.
            int end = chunk.AsSpan().TrimEnd().Count('\n');
            found.Add(new SourceDocument(number, line, null, new SyntaxProblem(firstLine + end, 1, NotClosed)));
        }

        return found;
    }

    // Files without a line end at their end, put together: "port: 50---". The second object would replace the first.
    private static SyntaxProblem? Glued(IReadOnlyList<DuplicateKey> duplicates, string chunk, int firstLine)
    {
        if (duplicates.FirstOrDefault(key => key is { IsTop: true, Key: "apiVersion" or "kind" or "metadata" }) is not { } twice)
        {
            return null;
        }

        string[] lines = chunk.Split('\n');
        for (int line = twice.FirstLine; line < twice.Line; line++)
        {
            ReadOnlySpan<char> text = lines[line - firstLine].AsSpan().TrimEnd();
            if (text.EndsWith("---", StringComparison.Ordinal))
            {
                return new SyntaxProblem(line, text.Length - 2, "the separator '---' stands at the end of another line: put it on a line of its own");
            }
        }

        return null;
    }

    private static SyntaxProblem Explain(YamlException e, string chunk, int firstLine)
    {
        string[] lines = chunk.TrimEnd().Split('\n');
        int line = Math.Clamp((int)e.Start.Line, 1, lines.Length), column = Math.Max(1, (int)e.Start.Column);
        int template = lines[line - 1].IndexOf("{{", StringComparison.Ordinal);
        if (template >= 0)
        {
            return new SyntaxProblem(firstLine + line - 1, template + 1, Template);
        }

        // The scanner names the construct it was in; a tab in the indentation of that line or one soon after is the cause.
        int last = e.Message.Contains("tab", StringComparison.Ordinal) ? lines.Length : line + 1;
        for (int i = line; i <= Math.Min(last, lines.Length); i++)
        {
            int tab = lines[i - 1].IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && lines[i - 1].AsSpan(0, tab).Trim(" -").IsEmpty)
            {
                return new SyntaxProblem(firstLine + i - 1, tab + 1, "a tab is used for indentation; YAML allows only spaces");
            }
        }

        return new SyntaxProblem(firstLine + line - 1, column, Reason(e.Message.TrimEnd('.', ' ')));
    }

    private static string Reason(string message) => message switch
    {
        _ when message.EndsWith("found invalid mapping", StringComparison.Ordinal) =>
            "a key is not expected here: check the indentation, or quote a value that contains ': '",
        _ when message.EndsWith("did not find expected key", StringComparison.Ordinal) =>
            "'key: value' is expected here: check the indentation",
        _ when message.EndsWith("scalar, found wrong indentation", StringComparison.Ordinal) => "the quoted text is not closed",
        _ when message.EndsWith("did not find expected node content", StringComparison.Ordinal)
            || message.Contains("parsing a flow", StringComparison.Ordinal) => NotClosed,
        { Length: > 0 } => FirstLetter.Lower(message),
        _ => "not valid YAML",
    };

    private sealed class Builder(IParser parser, int firstLine, SourceMap? map)
    {
        private readonly Dictionary<AnchorName, JsonNode?> anchors = [];
        private readonly List<DuplicateKey> duplicates = [];
        private int aliased;

        public IReadOnlyList<DuplicateKey> Duplicates => duplicates;

        public SourceMap? Map => map;

        public JsonNode? Node(int depth)
        {
            ParsingEvent current = parser.Current!;
            if (depth > DeepestLevel)
            {
                throw new YamlException(current.Start, current.End, $"nested more than {DeepestLevel} levels deep");
            }

            switch (current)
            {
                case AnchorAlias alias:
                    parser.MoveNext();
                    return Copy(alias);
                case Scalar scalar:
                    parser.MoveNext();
                    return Anchored(scalar, Value(scalar));
                case SequenceStart start:
                    return Anchored(start, Sequence(depth));
                case MappingStart start:
                    return Anchored(start, Mapping(depth));
                default:
                    throw new YamlException(current.Start, current.End, "content expected");
            }
        }

        private static JsonNode? Value(Scalar scalar)
        {
            object? value = Resolve(scalar);
            return value is double number && !double.IsFinite(number)
                ? throw new YamlException(scalar.Start, scalar.End, $"'{scalar.Value}' cannot be represented in JSON, which Kubernetes stores")
                : YamlScalar.ToJson(value);
        }

        private static object? Resolve(Scalar scalar)
        {
            if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
            {
                return YamlScalar.TryResolve(scalar.Tag.Value, scalar.Value, out object? value)
                    ? value
                    : throw new YamlException(scalar.Start, scalar.End, $"'{scalar.Value}' is not a {scalar.Tag.Value}");
            }

            return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? YamlScalar.Resolve(scalar.Value) : scalar.Value;
        }

        private JsonNode? Anchored(NodeEvent start, JsonNode? node)
        {
            if (!start.Anchor.IsEmpty)
            {
                anchors[start.Anchor] = node;
            }

            return node;
        }

        private JsonNode? Copy(AnchorAlias alias)
        {
            if (!anchors.TryGetValue(alias.Value, out JsonNode? node))
            {
                throw new YamlException(alias.Start, alias.End, $"there is no anchor &{alias.Value} before *{alias.Value}");
            }

            if ((aliased += Count(node)) > MostAliasedNodes)
            {
                throw new YamlException(alias.Start, alias.End, "the aliases expand to too much data");
            }

            return Clone(node);
        }

        private JsonNode? Clone(JsonNode? node)
        {
            JsonNode? copy = node?.DeepClone();
            map?.Copy(node, copy);
            return copy;
        }

        private SourceMark Mark(ParsingEvent at) => new(firstLine + (int)at.Start.Line - 1, (int)at.Start.Column);

        private static int Count(JsonNode? node) => node switch
        {
            JsonObject map => 1 + map.Sum(pair => Count(pair.Value)),
            JsonArray list => 1 + list.Sum(Count),
            _ => 1,
        };

        private JsonArray Sequence(int depth)
        {
            parser.MoveNext();
            JsonArray list = [];
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                map?.Add(list, Mark(parser.Current!));
                list.Add(Node(depth + 1));
            }

            return list;
        }

        private JsonObject Mapping(int depth)
        {
            parser.MoveNext();
            JsonObject members = [];
            Dictionary<string, int> lines = new(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                ParsingEvent at = parser.Current!;
                if (at is Scalar { Value: "<<", Style: ScalarStyle.Plain })
                {
                    parser.MoveNext();
                    Merge(members, Node(depth + 1), at);
                    continue;
                }

                string key = Key();
                (int line, int column) = Mark(at);
                map?.Add(members, key, new(line, column));
                if (lines.TryGetValue(key, out int before))
                {
                    duplicates.Add(new DuplicateKey(key, before, line, column, IsTop: depth == 0));
                }

                lines[key] = line;

                members[key] = Node(depth + 1);
            }

            return members;
        }

        // As go-yaml v2 does it: a merged key also overwrites what stands above the <<, and is overwritten by what
        // stands below it. In a list, the earlier mapping wins.
        private void Merge(JsonObject members, JsonNode? source, ParsingEvent at)
        {
            foreach (JsonNode? from in source is JsonArray list ? list.Reverse() : [source])
            {
                if (from is not JsonObject other)
                {
                    throw new YamlException(at.Start, at.End, "<< merges mappings only");
                }

                foreach ((string key, JsonNode? value) in other)
                {
                    members[key] = Clone(value);
                    if (map?.Of(other, key) is { } mark)
                    {
                        map.Add(members, key, mark);
                    }
                }
            }
        }

        private string Key()
        {
            ParsingEvent at = parser.Current!;
            object? value;
            if (at is Scalar scalar)
            {
                parser.MoveNext();
                value = Resolve(scalar);
                Anchored(scalar, YamlScalar.ToJson(value));
            }
            else if (at is AnchorAlias alias && anchors.TryGetValue(alias.Value, out JsonNode? node) && node is JsonValue)
            {
                parser.MoveNext();
                value = node.GetValue<object>() is var held && held is string ? held : YamlScalar.Resolve(node.ToJsonString());
            }
            else
            {
                throw new YamlException(at.Start, at.End, "a mapping or a list cannot be a key here");
            }

            return YamlScalar.ToKey(value)
                ?? throw new YamlException(at.Start, at.End, "a key is missing or is not a string, number or boolean");
        }
    }
}
