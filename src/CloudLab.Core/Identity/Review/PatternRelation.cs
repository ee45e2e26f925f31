using System.Text.RegularExpressions;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>How texts of policies with wildcards relate to each other.</summary>
internal static partial class PatternRelation
{
    /// <summary>Whether one pattern matches everything that another one matches.</summary>
    /// <param name="wide">The wider one.</param>
    /// <param name="narrow">The narrower one; its variables stand for themselves.</param>
    /// <param name="ignoreCase">Whether case does not count.</param>
    /// <returns>True if it does.</returns>
    public static bool Covers(string wide, string narrow, bool ignoreCase = false) =>
        PolicyPattern.Completed(wide).Any(pattern => PolicyPattern.IsMatch(PolicyPattern.Expand(pattern, null, wildcards: true), narrow, ignoreCase));

    /// <summary>Whether there is a text that both patterns match; variables can be anything.</summary>
    /// <param name="left">One pattern.</param>
    /// <param name="right">The other one.</param>
    /// <returns>True if there is.</returns>
    public static bool Overlaps(string left, string right)
    {
        left = Variable().Replace(PolicyPattern.Completed(left).Last(), "*");
        right = Variable().Replace(PolicyPattern.Completed(right).Last(), "*");

        // row[j]: whether the left pattern so far and the first j characters of the right one can match the same text.
        bool[] row = new bool[right.Length + 1];
        row[0] = true;
        for (int j = 1; j <= right.Length; j++)
        {
            row[j] = row[j - 1] && right[j - 1] == '*';
        }

        foreach (char c in left)
        {
            bool[] next = new bool[right.Length + 1];
            next[0] = row[0] && c == '*';
            for (int j = 1; j <= right.Length; j++)
            {
                char other = right[j - 1];
                next[j] = c == '*' || other == '*'
                    // A star stands for nothing, or for one more character of the other pattern.
                    ? row[j] && c == '*' || next[j - 1] && other == '*' || next[j - 1] && c == '*' || row[j] && other == '*'
                    : row[j - 1] && (c == other || c == '?' || other == '?');
            }

            row = next;
        }

        return row[right.Length];
    }

    /// <summary>Whether a resource of a statement leaves the name open: <c>*</c>, <c>arn:aws:iam::1:role/*</c>, any bucket or table.</summary>
    /// <param name="resource">The resource.</param>
    /// <returns>True if it does.</returns>
    public static bool IsBroad(string resource)
    {
        resource = PolicyPattern.Completed(resource).Last();
        if (resource.Split(':', 6) is not [_, _, var service, _, var account, var name])
        {
            return resource.Contains('*', StringComparison.Ordinal) && resource.Trim('*', ':').Length < 4;
        }

        // Without the kind of resource (role/, table/), nothing but wildcards. A bucket has no kind before its name.
        int slash = service == "s3" && account.Length == 0 ? -1 : name.IndexOfAny(['/', ':']);
        string own = slash < 0 || name.StartsWith('*') ? name : name[(slash + 1)..];
        return own.Contains('*', StringComparison.Ordinal) && own.Trim('*', '/', '?', ':').Length == 0;
    }

    /// <summary>Whether a resource of a statement leaves everything open, the service as well: <c>*</c>, <c>arn:aws:*:*:*:*</c>.</summary>
    /// <param name="resource">The resource.</param>
    /// <returns>True if it does.</returns>
    public static bool IsEverything(string resource) => IsBroad(resource) && (PolicyPattern.Completed(resource).Last().Split(':', 6) is not { Length: 6 } parts || parts[2].Trim('*').Length == 0);

    [GeneratedRegex(@"\$\{[^}]*\}")]
    private static partial Regex Variable();
}
