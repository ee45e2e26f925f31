using System.Globalization;
using System.Management.Automation;
using System.Text;
using System.Text.Json;

namespace CloudLab.Host.Arguments;

/// <summary>Reads input objects: one JSON value after another, or plain lines of text, which count as strings.</summary>
internal static class JsonInput
{
    /// <summary>Reads to the end.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="kind">What the input may be.</param>
    /// <returns>The objects, each as soon as it is complete.</returns>
    /// <exception cref="FormatException">What began as JSON is none, or is no object where only those are taken; the message has the line.</exception>
    public static IEnumerable<object?> Read(IEnumerable<string> lines, InputKind kind = InputKind.Values)
    {
        StringBuilder pending = new();
        int number = 0, began = 0, depth = 0, blank = 0;
        bool inString = false, inText = false;
        foreach (string line in lines)
        {
            number++;
            if (inText)
            {
                yield return line;
                continue;
            }

            if (pending.Length == 0)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    blank++;
                    continue;
                }

                if (kind == InputKind.Text && line.TrimStart()[0] is not ('{' or '['))
                {
                    // The blank lines count too: for what is written in the text, and for where an error in it is said to be.
                    for (inText = true; blank > 0; blank--)
                    {
                        yield return "";
                    }

                    yield return line;
                    continue;
                }

                blank = 0;

                began = number;
            }

            // Other tools print objects over several lines: read on until every bracket is closed.
            pending.Append(line).Append('\n');
            Count(line, ref depth, ref inString, pending.Length == line.Length + 1 && line.TrimStart()[0] is not ('{' or '['));
            if (depth > 0)
            {
                continue;
            }

            string text = pending.ToString();
            pending.Clear();
            depth = 0;
            inString = false;
            foreach (object? value in Parse(text, began))
            {
                yield return kind != InputKind.Objects || value is PSObject ? value
                    : throw new FormatException($"Line {began} of the input is not a JSON object, and this cmdlet takes only objects.");
            }
        }

        if (pending.Length > 0)
        {
            throw new FormatException($"Line {began} of the input begins a JSON value that is incomplete.");
        }
    }

    private static void Count(string line, ref int depth, ref bool inString, bool isText)
    {
        for (int i = 0; i < line.Length && !isText; i++)
        {
            switch (line[i])
            {
                case '\\' when inString:
                    i++;
                    break;
                case '"':
                    inString = !inString;
                    break;
                case '{' or '[' when !inString:
                    depth++;
                    break;
                case '}' or ']' when !inString:
                    depth--;
                    break;
            }
        }
    }

    private static IEnumerable<object?> Parse(string text, int line)
    {
        bool structured = text.TrimStart()[0] is '{' or '[';
        object? value;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            value = ToObject(document.RootElement);
        }
        catch (JsonException e) when (structured)
        {
            throw new FormatException($"Line {line} of the input is not valid JSON: {e.Message}", e);
        }
        catch (JsonException)
        {
            value = text.TrimEnd('\n', '\r');
        }

        return value is object?[] many ? many : [value];
    }

    private static object? ToObject(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                PSObject custom = new();
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    custom.Properties.Add(new PSNoteProperty(property.Name, ToObject(property.Value)));
                }

                return custom;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(ToObject).ToArray();
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out long whole) ? whole
                    : decimal.TryParse(element.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal exact) ? exact
                    : element.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            default:
                return null;
        }
    }
}

/// <summary>What input may be.</summary>
internal enum InputKind
{
    /// <summary>JSON values; lines that are none count as strings.</summary>
    Values,

    /// <summary>JSON objects alone.</summary>
    Objects,

    /// <summary>JSON objects, and from the first line that begins none on text, each line as it stands.</summary>
    Text,

    /// <summary>Text, each line as it stands.</summary>
    Lines,

    /// <summary>Bytes.</summary>
    Bytes,
}
