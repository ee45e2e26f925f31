using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CloudLab.Core.Common;

/// <summary>Reads JSON that somebody or some program wrote, so that all mistakes in it show at once and as <see cref="JsonException"/>.</summary>
public static class StrictJson
{
    // A node finds a key that is there twice only when it is first asked for one, and with another exception.
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a text.</summary>
    /// <param name="text">JSON.</param>
    /// <returns>The value. Throws <see cref="JsonException"/> where it is not JSON or has a key twice.</returns>
    public static JsonNode? Parse(string text) => JsonNode.Parse(text, documentOptions: Options);

    /// <summary>A text in an object.</summary>
    /// <param name="node">The object, or whatever is there in its place.</param>
    /// <param name="key">The key.</param>
    /// <returns>The text, or null where it is missing, empty or something else.</returns>
    public static string? Text(JsonNode? node, string key) =>
        (node as JsonObject)?[key] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    /// <summary>A time in an object.</summary>
    /// <param name="node">The object, or whatever is there in its place.</param>
    /// <param name="key">The key.</param>
    /// <returns>The time in UTC, which one without a zone is taken for; null where it is missing or something else.</returns>
    public static DateTimeOffset? Time(JsonNode? node, string key) => DateTimeOffset.TryParse(
        Text(node, key), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time) ? time : null;
}
