using System.Text.RegularExpressions;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Comments of a text that switch rules off: <c># cloudlab: ignore=RuleA,RuleB</c> at the end of a line, or on a line of its own before it.</summary>
internal sealed partial class IgnoreComments
{
    private const string Mark = "cloudlab:";

    private readonly Dictionary<int, HashSet<string>> lines = [];

    private IgnoreComments(string text)
    {
        string[] all = text.Split('\n');
        HashSet<string> waiting = new(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < all.Length; i++)
        {
            string content = all[i].Trim();
            Match match = Pattern().Match(all[i]);
            if (match.Success)
            {
                waiting.UnionWith(Names(match.Groups[1].Value));
            }

            if (content.Length > 0 && content[0] != '#' && waiting.Count > 0)
            {
                lines[i + 1] = waiting;
                waiting = new(StringComparer.OrdinalIgnoreCase);
            }
        }
    }

    /// <summary>The rules that are switched off, by line.</summary>
    public IReadOnlyDictionary<int, HashSet<string>> Lines => lines;

    /// <summary>Reads the comments of a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The comments; null where there is none.</returns>
    public static IgnoreComments? Of(string text) => text.Contains(Mark, StringComparison.Ordinal) ? new(text) : null;

    /// <summary>Reads a list of rules.</summary>
    /// <param name="list">Ids with commas between them.</param>
    /// <returns>The ids.</returns>
    public static IEnumerable<string> Names(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"(?:^|\s)#\s*cloudlab:\s*ignore\s*=\s*(\*|[A-Za-z0-9]+(?:\s*,\s*[A-Za-z0-9]+)*)", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
