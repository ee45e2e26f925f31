namespace CloudLab.Host.Arguments;

/// <summary>What somebody who mistyped a name may have meant.</summary>
internal static class SimilarName
{
    /// <summary>Finds the name that is nearest to what was typed.</summary>
    /// <param name="typed">What was typed.</param>
    /// <param name="names">The names there are.</param>
    /// <returns>The nearest one; null where none is near.</returns>
    public static string? Of(string typed, IEnumerable<string> names)
    {
        (string Name, int Distance) nearest = names.Select(n => (n, Distance(n, typed))).MinBy(n => n.Item2);
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, typed.Length / 3) ? nearest.Name : null;
    }

    // Letters to insert, remove or replace until one name is the other.
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int changed = diagonal + (char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
