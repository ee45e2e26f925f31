using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace CloudLab.Emulator.Kubernetes.Api;

/// <summary>YAML as the nodes that the same JSON would be.</summary>
internal static class YamlReader
{
    public static JsonNode? Read(string text)
    {
        YamlStream stream = new();
        try
        {
            stream.Load(new StringReader(text));
            return stream.Documents.Count == 0 ? null : Convert(stream.Documents[0].RootNode, 0);
        }
        catch (YamlException e)
        {
            throw ApiError.BadRequest($"error decoding YAML: line {e.Start.Line}: {e.Message}");
        }
    }

    private static JsonNode? Convert(YamlNode node, int depth)
    {
        if (depth > 200)
        {
            throw ApiError.BadRequest("error decoding YAML: nested too deeply");
        }

        switch (node)
        {
            case YamlMappingNode map:
                JsonObject result = [];
                foreach ((YamlNode key, YamlNode value) in map.Children)
                {
                    result[((YamlScalarNode)key).Value ?? ""] = Convert(value, depth + 1);
                }

                return result;
            case YamlSequenceNode list:
                return new JsonArray([.. list.Children.Select(item => Convert(item, depth + 1))]);
            case YamlScalarNode { Style: ScalarStyle.Plain } scalar when scalar.Tag.IsEmpty:
                return Scalar(scalar.Value ?? "");
            default:
                return JsonValue.Create(((YamlScalarNode)node).Value);
        }
    }

    private static JsonValue? Scalar(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "y" or "Y" or "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return JsonValue.Create(true);
            case "n" or "N" or "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return JsonValue.Create(false);
        }

        if (!char.IsAsciiDigit(text[^1]) || !(char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.'))
        {
            return JsonValue.Create(text);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
        {
            return JsonValue.Create(whole);
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
            ? JsonValue.Create(real) : JsonValue.Create(text);
    }
}
