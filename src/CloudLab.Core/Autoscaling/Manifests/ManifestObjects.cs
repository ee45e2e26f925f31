using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Quantities;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Autoscaling.Manifests;

/// <summary>The objects in manifests, and what all readers of them need.</summary>
public static class ManifestObjects
{
    /// <summary>Reads a manifest.</summary>
    /// <param name="text">YAML or JSON, of one or several documents.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <returns>Its objects; lists are taken apart. Throws <see cref="LabException"/> (<c>ManifestInvalid</c>).</returns>
    public static List<JsonObject> Read(string text, string source)
    {
        List<JsonObject> objects = [];
        foreach (SourceDocument document in SourceReader.Read(SourceText.WithoutMarks(text)))
        {
            if (document.Problem is { } problem)
            {
                throw Invalid("ManifestInvalid", string.Create(CultureInfo.InvariantCulture, $"{Named(source)}, line {problem.Line}: {problem.Reason}."));
            }

            foreach (DuplicateKey twice in document.Duplicates)
            {
                RequestLog.Current.Warning($"{Named(source)}: {twice}.");
            }

            Collect(document.Content, objects);
        }

        return objects;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Its objects. Throws <see cref="LabException"/> (<c>ManifestNotFound</c>, <c>ManifestInvalid</c>).</returns>
    public static async Task<List<JsonObject>> ReadFileAsync(string path, CancellationToken cancellation)
    {
        string text;
        try
        {
            text = SourceText.Decode(await File.ReadAllBytesAsync(path, cancellation));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabException(LabErrorKind.NotFound, "ManifestNotFound", $"The manifest {path} cannot be read: {e.Message}", e) { StopsCommand = true };
        }

        return Read(text, Path.GetFileName(path));
    }

    /// <summary>Takes lists apart.</summary>
    /// <param name="content">An object, a list of objects, or an array.</param>
    /// <returns>The objects.</returns>
    public static List<JsonObject> Of(JsonNode? content)
    {
        List<JsonObject> objects = [];
        Collect(content, objects);
        return objects;
    }

    /// <summary>Whether an object limits a namespace.</summary>
    /// <param name="json">The object.</param>
    /// <returns>True for a ResourceQuota and a LimitRange.</returns>
    public static bool IsQuota(JsonObject json) => Text(json, "kind") is "ResourceQuota" or "LimitRange";

    /// <summary>The namespace that an object names.</summary>
    /// <param name="json">The object.</param>
    /// <returns>The namespace, or null.</returns>
    public static string? Namespace(JsonObject json) => Text(json["metadata"], "namespace");

    /// <summary>Objects by kind and name, for the message that another kind was expected.</summary>
    /// <param name="objects">The objects.</param>
    /// <returns>The first three.</returns>
    internal static string Describe(IReadOnlyList<JsonObject> objects) => objects.Count == 0
        ? "nothing"
        : string.Join(", ", objects.Take(3).Select(o => $"{Text(o, "kind") ?? "an object without kind"} {Text(o["metadata"], "name")}".TrimEnd()));

    /// <summary>A source in a message.</summary>
    /// <param name="source">File name; empty for none.</param>
    /// <returns>How to call it.</returns>
    internal static string Named(string source) => source.Length > 0 ? source : "The manifest";

    /// <summary>A text or a number of an object.</summary>
    /// <param name="json">The object, or whatever is in its place.</param>
    /// <param name="name">Field.</param>
    /// <returns>The text; null where there is none.</returns>
    internal static string? Text(JsonNode? json, string name) => (json as JsonObject)?[name] is JsonValue value ? value.ToString() : null;

    /// <summary>The objects of a list.</summary>
    /// <param name="json">The object that has the list, or whatever is in its place.</param>
    /// <param name="name">Field.</param>
    /// <returns>The objects; none where there is no list.</returns>
    internal static IEnumerable<JsonObject> List(JsonNode? json, string name) => ((json as JsonObject)?[name] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>A whole number of an object.</summary>
    /// <param name="json">The object, or whatever is in its place.</param>
    /// <param name="name">Field.</param>
    /// <param name="path">Where the object is, for the message.</param>
    /// <returns>The number; null where there is none. Throws <see cref="LabException"/> (<c>ManifestInvalid</c>) where it is none or negative.</returns>
    internal static int? Count(JsonNode? json, string name, string path)
    {
        if ((json as JsonObject)?[name] is not { } node)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.Number && int.TryParse(node.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count
            : throw Invalid("ManifestInvalid", $"{path}.{name} cannot be {node.ToJsonString()}: give a whole number without quotes, 0 or more.");
    }

    /// <summary>An amount of a resource.</summary>
    /// <param name="node">Text or number.</param>
    /// <param name="field">Where it is, for the message.</param>
    /// <returns>The amount. Throws <see cref="LabException"/> (<c>ManifestInvalid</c>) where it is none or negative.</returns>
    internal static Quantity Amount(JsonNode node, string field)
    {
        string text = node.GetValueKind() is JsonValueKind.String or JsonValueKind.Number ? node.ToString().Trim() : node.ToJsonString();
        if (!Quantity.TryParse(text, out Quantity amount))
        {
            throw Invalid("ManifestInvalid", $"{field}: '{text}' is not a quantity: write 500m, 0.5, 2 or 128Mi.");
        }

        return amount.Sign >= 0 ? amount : throw Invalid("ManifestInvalid", $"{field} cannot be {amount}: give 0 or more.");
    }

    /// <summary>The error for a manifest that cannot be used.</summary>
    /// <param name="code">Error id.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <returns>The exception.</returns>
    internal static LabException Invalid(string code, string message) => new(LabErrorKind.InvalidData, code, message) { StopsCommand = true };

    private static void Collect(JsonNode? node, List<JsonObject> objects)
    {
        switch (node)
        {
            case JsonArray list:
                foreach (JsonNode? item in list)
                {
                    Collect(item, objects);
                }

                break;
            case JsonObject many when many["items"] is JsonArray items && (Text(many, "kind") ?? "List").EndsWith("List", StringComparison.Ordinal):
                Collect(items, objects);
                break;
            case JsonObject one:
                objects.Add(one);
                break;
        }
    }
}
