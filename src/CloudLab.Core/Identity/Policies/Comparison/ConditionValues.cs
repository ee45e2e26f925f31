using System.Globalization;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>Values worth trying for the condition keys of policies: for each operator, ones that hold and ones that do not, at its boundaries.</summary>
internal static class ConditionValues
{
    /// <summary>A value for keys and variables that no condition says anything about.</summary>
    public const string Example = "example";

    private static readonly string[] Elsewhere = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "2001:db8::1"];

    /// <summary>Values to try for a key.</summary>
    /// <param name="conditions">All conditions on the key.</param>
    /// <param name="variables">Values of variables in the conditions' values.</param>
    /// <param name="cut">Set where not all combinations were found.</param>
    /// <returns>Lists of values; null stands for a request without the key.</returns>
    public static List<string[]?> For(IReadOnlyList<PolicyCondition> conditions, PolicyContext variables, ref bool cut)
    {
        List<string> singles = [];
        List<string> patterns = [];
        foreach (PolicyCondition condition in conditions)
        {
            foreach (string value in condition.Value)
            {
                switch (condition.Test.Name)
                {
                    case "Bool":
                        singles.AddRange(["true", "false"]);
                        break;
                    case "Null":
                        break;
                    case "BinaryEquals":
                        singles.AddRange([value, "AA=="]);
                        break;
                    case "IpAddress" or "NotIpAddress":
                        singles.Add(value.Split('/')[0]);
                        break;
                    case ['N', 'u', 'm', ..] when decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number):
                        singles.AddRange(new[] { number, number - 1, number + 1 }.Select(n => n.ToString(CultureInfo.InvariantCulture)));
                        break;
                    case ['D', 'a', 't', 'e', ..] when ConditionTest.TryDate(value, out DateTimeOffset date):
                        singles.AddRange(new[] { date, date.AddSeconds(-1), date.AddSeconds(1) }
                            .Select(d => d.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
                        break;
                    default:
                        if (PolicyPattern.Expand(value, variables, condition.Test.HasWildcards) is { } pattern)
                        {
                            patterns.Add(pattern);
                        }

                        break;
                }
            }

            if (condition.Test.Name is "IpAddress" or "NotIpAddress")
            {
                singles.AddRange(Elsewhere);
            }
        }

        if (patterns.Count > 0)
        {
            PatternWitness search = new(patterns, ignoreCase: false);
            singles.AddRange(search.Find([], "?*"));
            cut |= search.Cut;
        }

        if (singles.Count == 0)
        {
            singles.Add(Example);
        }

        List<string[]?> values = [null, .. singles.Distinct(StringComparer.Ordinal).Select(value => (string[]?)[value])];
        if (conditions.Any(condition => condition.Test.IsOfSets))
        {
            string[] few = [.. singles.Distinct(StringComparer.Ordinal).Take(3)];
            values.AddRange(few.SelectMany((a, i) => few.Skip(i + 1).Select(b => (string[]?)[a, b])));
            if (few.Length == 3)
            {
                values.Add(few);
            }
        }

        return values;
    }
}
