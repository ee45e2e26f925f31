using System.Management.Automation;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Picks names by the wildcards of -Include and -Exclude, in any case of letters: one meaning for keys and for files.</summary>
internal static class NameFilter
{
    /// <summary>Makes a filter.</summary>
    /// <param name="include">
    /// A name must match one of these; null for all. A pattern with a slash is matched with the whole name, one without with the part
    /// after the last slash.
    /// </param>
    /// <param name="exclude">
    /// A name must match none of these, nor may a folder that it is in. A pattern with a slash is matched with the whole name of each, one without
    /// with its last part; one that ends in a slash means folders only.
    /// </param>
    /// <param name="prefix">What all names begin with: folders in it are nobody's to exclude.</param>
    /// <returns>A filter of names with slashes, or null where everything goes.</returns>
    public static Func<string, bool>? Of(string[]? include, string[]? exclude, string prefix = "")
    {
        if (include is null && exclude is null)
        {
            return null;
        }

        int start = prefix.LastIndexOf('/') + 1;
        Pattern[] wanted = Patterns(include), unwanted = Patterns(exclude);
        return name => (wanted.Length == 0 || Array.Exists(wanted, pattern => pattern.Matches(name)))
            && !Array.Exists(unwanted, pattern => pattern.MatchesOrHolds(name, start));
    }

    private static Pattern[] Patterns(string[]? patterns) => [.. (patterns ?? []).Select(pattern => new Pattern(pattern))];

    private sealed class Pattern
    {
        private readonly WildcardPattern wildcard;
        private readonly bool isWhole;
        private readonly bool isFolder;

        public Pattern(string text)
        {
            string name = text.Length > 1 ? text.TrimEnd('/') : text;
            isFolder = name.Length < text.Length;
            isWhole = name.Contains('/', StringComparison.Ordinal);
            wildcard = new WildcardPattern(name, WildcardOptions.IgnoreCase);
        }

        public bool Matches(string name)
        {
            bool folder = name.EndsWith('/');
            return (folder || !isFolder) && (IsMatch(folder ? name[..^1] : name) || (folder && isWhole && wildcard.IsMatch(name)));
        }

        public bool MatchesOrHolds(string name, int start)
        {
            for (int slash = name.IndexOf('/', start); slash >= 0; slash = name.IndexOf('/', slash + 1))
            {
                if (slash > start && IsMatch(name[..slash]))
                {
                    return true;
                }
            }

            return Matches(name);
        }

        private bool IsMatch(string name) => wildcard.IsMatch(isWhole ? name : name[(name.LastIndexOf('/') + 1)..]);
    }
}
