using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Common.Yaml;

/// <summary>Reads one or more JSON values, one after the other, and says where a mistake is.</summary>
internal static class JsonReader
{
    private const int DeepestLevel = 500;

    /// <summary>Reads every value of a text.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="mapped">Whether to note where everything stands.</param>
    /// <returns>The values; the last one is the mistake, if there is one.</returns>
    public static IReadOnlyList<SourceDocument> Read(string text, bool mapped = false)
    {
        List<SourceDocument> found = [];
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        int offset = 0;
        Cursor? cursor = mapped ? new Cursor(utf8) : null;
        while ((offset = SkipBlank(utf8, offset)) < utf8.Length)
        {
            int number = found.Count + 1;
            (int line, _) = Position(utf8, offset);
            Utf8JsonReader reader = new(
                utf8.AsSpan(offset), new JsonReaderOptions { MaxDepth = DeepestLevel, AllowTrailingCommas = false });
            try
            {
                List<DuplicateKey> duplicates = [];
                SourceMap? map = mapped ? new SourceMap() : null;
                reader.Read();
                JsonNode? content = Value(ref reader, utf8, offset, 0, duplicates, map, cursor);
                if (content is not null)
                {
                    found.Add(new SourceDocument(number, line, content, null) { Duplicates = duplicates, Map = map });
                }
            }
            catch (JsonException e)
            {
                // Lines and columns count from 0 there, and from where this value begins.
                (int firstLine, int firstColumn) = Position(utf8, offset);
                int at = (int)(e.LineNumber ?? 0), column = (int)(e.BytePositionInLine ?? 0) + 1;
                found.Add(new SourceDocument(
                    number, line, null, new SyntaxProblem(firstLine + at, at == 0 ? firstColumn + column - 1 : column, Reason(e))));
                break;
            }
            catch (InvalidOperationException)
            {
                (int at, int column) = Position(utf8, offset + (int)reader.TokenStartIndex);
                found.Add(new SourceDocument(
                    number, line, null, new SyntaxProblem(at, column, "half a surrogate pair is not a character")));
                break;
            }

            offset += (int)reader.BytesConsumed;
        }

        return found;
    }

    private static JsonNode? Value(ref Utf8JsonReader reader, byte[] utf8, int offset, int depth, List<DuplicateKey> duplicates, SourceMap? map, Cursor? cursor)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                JsonObject members = [];
                Dictionary<string, int> places = new(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string key = reader.GetString()!;
                    int at = offset + (int)reader.TokenStartIndex;
                    reader.Read();
                    if (places.TryGetValue(key, out int before))
                    {
                        (int line, int column) = Position(utf8, at);
                        duplicates.Add(new DuplicateKey(key, Position(utf8, before).Line, line, column, IsTop: depth == 0));
                    }

                    places[key] = at;
                    map?.Add(members, key, cursor!.At(at));
                    members[key] = Value(ref reader, utf8, offset, depth + 1, duplicates, map, cursor);
                }

                return members;
            case JsonTokenType.StartArray:
                JsonArray list = [];
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    map?.Add(list, cursor!.At(offset + (int)reader.TokenStartIndex));
                    list.Add(Value(ref reader, utf8, offset, depth + 1, duplicates, map, cursor));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out long whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            default:
                return null;
        }
    }

    private static string Reason(JsonException e)
    {
        string reason = e.Message;
        int tail = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return FirstLetter.Lower((tail < 0 ? reason : reason[..tail]).TrimEnd('.', ' '));
    }

    private static int SkipBlank(byte[] utf8, int offset)
    {
        while (offset < utf8.Length)
        {
            if (utf8[offset] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                offset++;
            }
            else if (utf8.AsSpan(offset).StartsWith("---"u8))
            {
                // JSON files joined as if they were YAML.
                offset += 3;
            }
            else
            {
                break;
            }
        }

        return offset;
    }

    private static (int Line, int Column) Position(byte[] utf8, int offset)
    {
        ReadOnlySpan<byte> before = utf8.AsSpan(0, offset);
        int lastBreak = before.LastIndexOf((byte)'\n');
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[(lastBreak + 1)..]) + 1);
    }

    // Goes forward only: to count from the beginning for every member takes minutes for a text of megabytes.
    private sealed class Cursor(byte[] utf8)
    {
        private int offset, line = 1, column = 1;

        public SourceMark At(int to)
        {
            ReadOnlySpan<byte> passed = utf8.AsSpan(offset, to - offset);
            int lastBreak = passed.LastIndexOf((byte)'\n');
            line += passed.Count((byte)'\n');
            column = lastBreak < 0 ? column + Encoding.UTF8.GetCharCount(passed) : Encoding.UTF8.GetCharCount(passed[(lastBreak + 1)..]) + 1;
            offset = to;
            return new SourceMark(line, column);
        }
    }
}
