using System.Text.Json.Nodes;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Review;
using CloudLab.Core.Common.Yaml;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>What this review takes from a <c>.hadolint.yaml</c>: rules that are ignored, and severities.</summary>
public sealed class HadolintConfig
{
    private HadolintConfig(IReadOnlyList<string> ignored, IReadOnlyDictionary<string, FindingSeverity> severities) => (Ignored, Severities) = (ignored, severities);

    /// <summary>No such file.</summary>
    public static HadolintConfig None { get; } = new([], new Dictionary<string, FindingSeverity>());

    /// <summary>Names of rules that are ignored.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>Severities that differ from those of the rules, by the rules' names.</summary>
    public IReadOnlyDictionary<string, FindingSeverity> Severities { get; }

    /// <summary>Reads the file of a folder, or of the first of several that has one.</summary>
    /// <param name="folders">Full paths.</param>
    /// <returns>What it says, and its path, or null. Throws <see cref="LabException"/> (<c>HadolintConfigInvalid</c>).</returns>
    public static (HadolintConfig Config, string? Path) Find(IEnumerable<string> folders)
    {
        string? file = folders.SelectMany(folder => new[] { Path.Combine(folder, ".hadolint.yaml"), Path.Combine(folder, ".hadolint.yml") }).FirstOrDefault(File.Exists);
        if (file is null)
        {
            return (None, null);
        }

        try
        {
            return SourceReader.Read(SourceText.Decode(File.ReadAllBytes(file))).FirstOrDefault() switch
            {
                null => (None, file),
                { Problem: { } problem } => throw Invalid(file, $"line {problem.Line}: {problem.Reason}", null),
                { Content: JsonObject settings } => (Of(settings), file),
                _ => throw Invalid(file, "it is not a mapping", null),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(file, e.Message.TrimEnd('.'), e);
        }
    }

    private static LabException Invalid(string file, string why, Exception? inner) =>
        new(LabErrorKind.InvalidArgument, "HadolintConfigInvalid", $"'{file}' cannot be read: {why}.", inner) { Target = file };

    private static HadolintConfig Of(JsonObject settings)
    {
        Dictionary<string, FindingSeverity> severities = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string level, FindingSeverity severity) in new[]
            { ("error", FindingSeverity.High), ("warning", FindingSeverity.Medium), ("info", FindingSeverity.Low), ("style", FindingSeverity.Low) })
        {
            foreach (string name in Names((settings["override"] as JsonObject)?[level]))
            {
                severities[name] = severity;
            }
        }

        return new([.. Names(settings["ignored"])], severities);
    }

    private static IEnumerable<string> Names(JsonNode? list) => list is JsonArray names ? names.Select(name => $"{name}") : [];
}
