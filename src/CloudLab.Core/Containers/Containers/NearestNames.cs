namespace CloudLab.Core.Containers.Containers;

/// <summary>Finds what somebody may have meant.</summary>
internal static class NearestNames
{
    /// <summary>The names that come nearest to one that is not there.</summary>
    /// <param name="name">What was asked for.</param>
    /// <param name="known">What there is.</param>
    /// <returns><c>; the nearest names are 'web', 'web2'</c>, or nothing where none is near.</returns>
    public static string Say(string name, IEnumerable<string> known)
    {
        string[] near =
        [
            .. known.Distinct().Select(each => (each, distance: Distance(name, each)))
                .Where(pair => pair.distance <= Math.Max(2, name.Length / 3) || (name.Length > 2 && pair.each.Contains(name, StringComparison.OrdinalIgnoreCase)))
                .OrderBy(pair => pair.distance).ThenBy(pair => pair.each, StringComparer.Ordinal).Take(3).Select(pair => $"'{pair.each}'"),
        ];
        return near.Length switch
        {
            0 => "",
            1 => $"; the nearest name is {near[0]}",
            _ => $"; the nearest names are {string.Join(", ", near)}",
        };
    }

    // How many letters have to be put in, left out or changed.
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
