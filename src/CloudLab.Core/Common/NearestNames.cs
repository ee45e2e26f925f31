namespace CloudLab.Core.Common;

/// <summary>Finds the names that somebody may have meant.</summary>
internal static class NearestNames
{
    /// <summary>The name that differs least from one that does not exist.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    /// <returns>The first of the nearest names; null where none is near.</returns>
    public static string? Find(string name, IEnumerable<string> names) => Near(name, names).Where(pair => pair.Distance <= Limit(name)).Select(pair => pair.Candidate).FirstOrDefault();

    /// <summary>The names that differ little from one that does not exist, or contain it, as a sentence to put behind an error.</summary>
    /// <param name="name">What was typed.</param>
    /// <param name="names">The names that exist.</param>
    /// <returns><c> Similar: 'web', 'web2'.</c> with a space before it, three names at most; empty where there is none.</returns>
    public static string Say(string name, IEnumerable<string> names)
    {
        string[] similar =
        [
            .. Near(name, names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                .Where(pair => pair.Distance <= Limit(name) || (name.Length > 2 && pair.Candidate.Contains(name, StringComparison.OrdinalIgnoreCase)))
                .Take(3).Select(pair => $"'{pair.Candidate}'"),
        ];
        return similar.Length > 0 ? $" Similar: {string.Join(", ", similar)}." : "";
    }

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

    private static int Limit(string name) => Math.Max(1, name.Length / 3);

    private static IEnumerable<(string Candidate, int Distance)> Near(string name, IEnumerable<string> names) => names
        .Select(candidate => (Candidate: candidate, Distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
        .OrderBy(pair => pair.Distance);
}
