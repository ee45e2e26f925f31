using System.Text.Json.Nodes;

namespace CloudLab.Core.Containers.Builds;

/// <summary>A target of a bake file, with everything that it inherits and that was overridden.</summary>
public sealed record BakeTarget
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Names for its image.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Platforms to build for; the builder's own if empty.</summary>
    public required IReadOnlyList<string> Platforms { get; init; }

    /// <summary>Whether its image is pushed.</summary>
    public required bool Pushes { get; init; }

    /// <summary>The build context: a folder or an address.</summary>
    public required string Context { get; init; }

    /// <summary>The Dockerfile in the context; null where it is text in the bake file.</summary>
    public required string? Dockerfile { get; init; }

    /// <summary>Values for the Dockerfile's <c>ARG</c>s.</summary>
    public required IReadOnlyDictionary<string, string?> Args { get; init; }

    /// <summary>Targets that it builds on.</summary>
    public required IReadOnlyList<string> Needs { get; init; }

    /// <summary>What becomes of the image, in buildx's words; nothing where the bake file does not say.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Reads what <c>buildx bake --print</c> writes about a target.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="json">What it writes.</param>
    /// <returns>The target.</returns>
    internal static BakeTarget Read(string name, JsonObject json)
    {
        string[] outputs = [.. Items(json["output"]).Select(Output)];
        return new BakeTarget
        {
            Name = name,
            Tags = Texts(json["tags"]),
            Platforms = Texts(json["platforms"]),
            Context = (string?)json["context"] ?? ".",
            Dockerfile = json["dockerfile-inline"] is null ? (string?)json["dockerfile"] ?? "Dockerfile" : null,
            Args = (json["args"] as JsonObject ?? []).ToDictionary(pair => pair.Key, pair => (string?)pair.Value),
            Needs =
            [
                .. (json["contexts"] as JsonObject ?? []).Select(pair => $"{pair.Value}").Where(context => context.StartsWith("target:", StringComparison.Ordinal))
                    .Select(context => context[7..]),
            ],
            Outputs = outputs,
            Pushes = outputs.Any(output => output.Split(',') is var parts && (parts.Contains("type=registry") || parts.Contains("push=true"))),
        };
    }

    // An object in new versions of buildx, a text in old ones.
    private static string Output(JsonNode? node) => node is JsonObject fields ? string.Join(',', fields.Select(pair => $"{pair.Key}={pair.Value}")) : $"{node}";

    private static string[] Texts(JsonNode? node) => [.. Items(node).Select(item => $"{item}")];

    private static JsonArray Items(JsonNode? node) => node as JsonArray ?? [];
}
