using System.Text.RegularExpressions;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>What the comments of a Dockerfile switch off: hadolint's (<c># hadolint ignore=DL3006</c>) and BuildKit's (<c># check=skip=…</c>).</summary>
internal sealed partial class IgnoreComments
{
    private const string All = "all";

    private readonly HashSet<string> everywhere = new(StringComparer.OrdinalIgnoreCase), skipped = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the comments of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="ignored">Names that are ignored by other means.</param>
    public IgnoreComments(Dockerfile file, IEnumerable<string> ignored)
    {
        everywhere.UnionWith(ignored);
        foreach (DockerfileComment comment in file.Comments)
        {
            if (Hadolint().Match(comment.Text) is { Success: true } match && match.Groups["global"].Success)
            {
                everywhere.UnionWith(Names(match.Groups["names"].Value));
            }
        }

        if (file.Directives.TryGetValue("check", out DockerfileComment? check))
        {
            skipped.UnionWith(Skipped(check.Text));
            IsError = Options(check.Text).Any(option => option.Name == "error" && bool.TryParse(option.Value, out bool yes) && yes);
        }
    }

    /// <summary>Whether <c>check=error=true</c> makes a build fail for what BuildKit finds.</summary>
    public bool IsError { get; }

    /// <summary>Whether a finding is switched off.</summary>
    /// <param name="rule">Its rule.</param>
    /// <param name="hadolint">The rule of hadolint that corresponds.</param>
    /// <param name="near">Comments at its instruction.</param>
    /// <returns>True if it is.</returns>
    public bool Ignores(DockerfileRule rule, string? hadolint, IEnumerable<DockerfileComment> near)
    {
        HashSet<string> skippedHere = skipped, ignoredHere = everywhere;
        foreach (DockerfileComment comment in near)
        {
            if (Hadolint().Match(comment.Text) is { Success: true } match)
            {
                ignoredHere = [.. ignoredHere, .. Names(match.Groups["names"].Value)];
            }
            else if (Dockerfile.Directive(comment.Text) is { Name: "check" } check)
            {
                skippedHere = [.. skippedHere, .. Skipped(check.Value)];
            }
        }

        // The rules of one world go by any of its names; "all" is a word of BuildKit's and means its rules.
        return Has(ignoredHere) || Has(skippedHere) || (rule.BuildKit is not null && skippedHere.Contains(All));

        bool Has(HashSet<string> names) => names.Contains(rule.Id, StringComparer.OrdinalIgnoreCase) || (hadolint is not null && names.Contains(hadolint, StringComparer.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> Names(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Skipped(string value) => Options(value).Where(option => option.Name == "skip").SelectMany(option => Names(option.Value));

    private static IEnumerable<(string Name, string Value)> Options(string value) => value.Split(' ')[0].Split(';')
        .Select(option => option.Split('=', 2, StringSplitOptions.TrimEntries)).Where(parts => parts.Length == 2).Select(parts => (parts[0], parts[1]));

    [GeneratedRegex(@"^hadolint\s+(?<global>global\s+)?ignore\s*=\s*(?<names>[A-Za-z0-9]+(\s*,\s*[A-Za-z0-9]+)*)")]
    private static partial Regex Hadolint();
}
