using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CloudLab.Core.Common.Yaml;

/// <summary>
/// Writes JSON as YAML that every reader takes for the same: what a YAML 1.1 or 1.2 reader could take for a boolean, a number or a date is quoted, and text of
/// several lines keeps its lines.
/// </summary>
public static partial class YamlWriter
{
    // The words of YAML 1.1, in any case of letters.
    private static readonly HashSet<string> Words = new(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Writes one document.</summary>
    /// <param name="value">Its content.</param>
    /// <returns>The document, which begins with <c>---</c> and has no newline at its end, where one can be added without changing it.</returns>
    public static string Write(JsonNode? value)
    {
        StringBuilder text = new();
        using StringWriter writer = new(text) { NewLine = "\n" };
        Emitter emitter = new(writer, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, [], isImplicit: false));
        Emit(emitter, value);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());

        if (Last(value) is { } last && IsLines(last))
        {
            // Whether a newline follows the document must not change the text that it ends with.
            text.Append("...\n");
        }

        // Whoever writes the next document, or the file, adds it.
        return text.ToString().TrimEnd('\n');
    }

    private static string? Last(JsonNode? value) => value switch
    {
        JsonObject { Count: > 0 } map => Last(map.Last().Value),
        JsonArray { Count: > 0 } list => Last(list[^1]),
        JsonValue scalar when scalar.TryGetValue(out string? text) => text,
        _ => null,
    };

    private static void Emit(Emitter emitter, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject map:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, map.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach ((string key, JsonNode? item) in map)
                {
                    emitter.Emit(Text(key, isKey: true));
                    Emit(emitter, item);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray list:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (JsonNode? item in list)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                emitter.Emit(Text(scalar.GetValue<string>(), isKey: false));
                break;
            default:
                emitter.Emit(Scalar(value is null ? "null" : Number(value.ToJsonString()), ScalarStyle.Plain));
                break;
        }
    }

    private static Scalar Text(string text, bool isKey) => Scalar(text, IsPlain(text) ? ScalarStyle.Plain
        : !isKey && IsLines(text) ? ScalarStyle.Literal
        : Printable().IsMatch(text) ? ScalarStyle.SingleQuoted
        : ScalarStyle.DoubleQuoted);

    private static Scalar Scalar(string text, ScalarStyle style) =>
        new(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: style == ScalarStyle.Plain, isQuotedImplicit: style != ScalarStyle.Plain);

    private static bool IsLines(string text) => text.Contains('\n', StringComparison.Ordinal) && Lines().IsMatch(text);

    private static bool IsPlain(string text) =>
        (Plain().IsMatch(text) && !Words.Contains(text)) || Quantity().IsMatch(text);

    // YAML 1.1 wants a point and a sign in 1e20, else it is text.
    private static string Number(string json) => Exponent().Match(json) is { Success: true } match
        ? $"{match.Groups["digits"].Value}{(match.Groups["digits"].Value.Contains('.', StringComparison.Ordinal) ? "" : ".0")}e{(match.Groups["sign"].Value is "-" ? "-" : "+")}{match.Groups["power"].Value}"
        : json;

    // Begins with a letter, a path or a dash option, and holds nothing that means something in YAML.
    [GeneratedRegex(@"\A(?:[A-Za-z_/]|-[A-Za-z-])(?:[A-Za-z0-9_./@+,=\-]|:(?=[^\s:])|(?<! ) (?=[A-Za-z0-9_./]))*\z")]
    private static partial Regex Plain();

    [GeneratedRegex(@"\A[1-9][0-9]*(?:m|Ki|Mi|Gi|Ti)\z")]
    private static partial Regex Quantity();

    // Lines, the first of which does not begin with a space that a reader would take for indentation.
    [GeneratedRegex(@"\A[!-~\u00A1-\u1FFF][\t\n -~\u00A1-\u1FFF]*\z")]
    private static partial Regex Lines();

    [GeneratedRegex(@"\A[ -~\u00A1-\u1FFF]*\z")]
    private static partial Regex Printable();

    [GeneratedRegex(@"\A(?<digits>-?[0-9.]+)[eE](?<sign>[-+]?)(?<power>[0-9]+)\z")]
    private static partial Regex Exponent();
}
