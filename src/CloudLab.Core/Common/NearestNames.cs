namespace CloudLab.Core.Common;

/// <summary>Finds the names that somebody may have meant.</summary>
internal static class NearestNames
{
    /// <summary>The names that differ little from one that does not exist, or contain it, the nearest first.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    /// <param name="most">How many at most.</param>
    /// <returns>Names, perhaps none.</returns>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> names, int most = 3) =>
    [
        .. names.Distinct(StringComparer.Ordinal)
            .Select(candidate => (Candidate: candidate, Distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(pair => pair.Distance <= Math.Max(1, name.Length / 3) || (name.Length > 2 && pair.Candidate.Contains(name, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(pair => pair.Distance).ThenBy(pair => pair.Candidate, StringComparer.Ordinal)
            .Take(most)
            .Select(pair => pair.Candidate),
    ];

    /// <summary>The same as a sentence to put behind an error.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    /// <returns><c> Similar: 'web', 'web2'.</c> with a space before it; empty where there is none.</returns>
    public static string Say(string name, IEnumerable<string> names) =>
        Of(name, names) is { Count: > 0 } similar ? $" Similar: {string.Join(", ", similar.Select(each => $"'{each}'"))}." : "";

    /// <summary>
    /// How many characters have to be added, removed, changed or swapped with their neighbour to make one text of another (Damerau and Levenshtein).
    /// </summary>
    /// <param name="a">A text.</param>
    /// <param name="b">Another one.</param>
    /// <returns>The number.</returns>
    public static int Distance(string a, string b)
    {
        int[] before = new int[b.Length + 1], last = new int[b.Length + 1];
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (before, last, row) = (last, row, before);
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }
        }

        return row[b.Length];
    }
}
