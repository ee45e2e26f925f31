using System.Globalization;
using CloudLab.Core.Identity.Catalogue;

namespace CloudLab.Core.Identity.Policies.Comparison;

/// <summary>
/// Values worth trying for a condition key: one for each way in which a value can stand to all the values that policies compare it with. Texts are
/// those of <see cref="PatternWitness"/>; of numbers, dates and addresses, the limits and what lies beside and between them.
/// </summary>
internal static class ConditionValues
{
    /// <summary>A value for keys and variables that no condition says anything about.</summary>
    public const string Example = "example";

    private const int MostLists = 4096;

    private static readonly string[] Elsewhere = ["198.51.100.1", "2001:db8::1"];

    /// <summary>Values to try for a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="conditions">All conditions on the key.</param>
    /// <param name="variables">The values that variables can have; at least one.</param>
    /// <param name="undecided">Is told what cannot be tried completely.</param>
    /// <returns>Lists of values; null stands for a request without the key.</returns>
    public static List<string[]?> For(string key, IReadOnlyList<PolicyCondition> conditions, IReadOnlyList<PolicyContext> variables, Undecided undecided)
    {
        List<string> singles = Singles(key, conditions, variables, undecided);
        List<string[]?> values = [null, .. singles.Select(value => (string[]?)[value])];
        bool several = conditions.Any(condition => condition.Test.IsOfSets) || ActionCatalogue.TypeOf(key)?.StartsWith("ArrayOf", StringComparison.Ordinal) == true;
        if (several)
        {
            // Each condition needs at most one value to show that it holds, or that it does not: more values than conditions tell nothing new.
            AddLists(values, singles, Math.Min(singles.Count, Math.Max(2, conditions.Count)), key, undecided);
        }

        return values;
    }

    /// <summary>The patterns of conditions that compare texts.</summary>
    /// <param name="conditions">The conditions.</param>
    /// <param name="variables">The values that variables can have.</param>
    /// <returns>Patterns.</returns>
    public static IEnumerable<WitnessPattern> Patterns(IEnumerable<PolicyCondition> conditions, IReadOnlyList<PolicyContext> variables)
    {
        foreach (PolicyCondition condition in conditions.Where(condition => FamilyOf(condition) is Family.Text))
        {
            string name = condition.Test.Name;
            foreach (string value in condition.Value)
            {
                // Without the current version, variables are plain text.
                IEnumerable<PolicyContext?> contexts = value.Contains("${", StringComparison.Ordinal) ? [null, .. variables] : [null];
                foreach (string expanded in contexts.Select(context => PolicyPattern.Expand(value, context, condition.Test.HasWildcards)).OfType<string>().Distinct(StringComparer.Ordinal))
                {
                    if ((name.StartsWith("Arn", StringComparison.Ordinal) ? PatternWitness.OfArn(expanded) : new WitnessPattern(expanded, name == "Bool" || name.EndsWith("IgnoreCase", StringComparison.Ordinal))) is { } pattern)
                    {
                        yield return pattern;
                    }
                }
            }
        }
    }

    private enum Family
    {
        None,
        Text,
        Number,
        Date,
        Address,
        Bytes,
    }

    private static Family FamilyOf(PolicyCondition condition) => condition.Test.Name switch
    {
        "Null" => Family.None,
        "BinaryEquals" => Family.Bytes,
        "IpAddress" or "NotIpAddress" => Family.Address,
        ['N', 'u', 'm', ..] => Family.Number,
        ['D', 'a', 't', 'e', ..] => Family.Date,
        _ => Family.Text,
    };

    private static List<string> Singles(string key, IReadOnlyList<PolicyCondition> conditions, IReadOnlyList<PolicyContext> variables, Undecided undecided)
    {
        List<string> singles = [];
        Family[] families = [.. conditions.Select(FamilyOf).Where(family => family != Family.None).Distinct()];
        if (families.Length > 1)
        {
            undecided.Add($"condition key {key} is compared in several ways ({string.Join(", ", conditions.Select(condition => condition.Operator).Distinct())}), of which not every mixture was tried");
        }

        IEnumerable<string> Of(Family family) => conditions.Where(condition => FamilyOf(condition) == family).SelectMany(condition => condition.Value);
        string? type = ActionCatalogue.TypeOf(key);
        foreach (Family family in families)
        {
            switch (family)
            {
                case Family.Text when type == "Bool" && conditions.All(condition => condition.Test.Name is "Bool" or "Null"):
                    singles.AddRange(["true", "false"]);
                    break;
                case Family.Text:
                    PatternWitness search = new(Patterns(conditions, variables));
                    IEnumerable<string> usual = conditions.Any(condition => condition.Test.Name == "Bool") ? ["true", "false"] : [];
                    singles.AddRange(search.Find(usual, new WitnessPattern($"{PolicyPattern.Any}")));
                    if (search.Cut)
                    {
                        undecided.Add($"the values of condition key {key} have too many combinations");
                    }

                    break;
                case Family.Number:
                    singles.AddRange(Numbers([.. Of(family).Select(value => ConditionTest.TryNumber(value, out decimal number) ? number : (decimal?)null).OfType<decimal>().Distinct().Order()]));
                    break;
                case Family.Date:
                    singles.AddRange(Dates([.. Of(family).Select(value => ConditionTest.TryDate(value, out DateTimeOffset date) ? date.UtcTicks : (long?)null).OfType<long>().Distinct().Order()]));
                    break;
                case Family.Address:
                    foreach (string range in Of(family))
                    {
                        if (IpNetwork.TryParse(range, out IpNetwork network))
                        {
                            singles.AddRange(network.Limits());
                        }
                    }

                    singles.AddRange(Elsewhere);
                    break;
                default:
                    singles.AddRange([.. Of(family), "AA=="]);
                    break;
            }
        }

        // What is neither a number nor a date nor an address, where the sender of a request chooses the value, as that of a tag.
        if (singles.Count == 0 || (!families.Contains(Family.Text) && type is null or "String" or "ArrayOfString"))
        {
            singles.Add(Example);
        }

        return [.. singles.Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Numbers(decimal[] limits)
    {
        for (int i = 0; i < limits.Length; i++)
        {
            yield return Text(limits[i]);
            yield return Text(Math.Max(limits[i], decimal.MinValue + 1) - 1);
            yield return Text(Math.Min(limits[i], decimal.MaxValue - 1) + 1);
            if (i > 0)
            {
                yield return Text((limits[i - 1] / 2) + (limits[i] / 2));
            }
        }

        static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Dates(long[] limits)
    {
        for (int i = 0; i < limits.Length; i++)
        {
            yield return Text(limits[i]);
            yield return Text(limits[i] - TimeSpan.TicksPerSecond);
            yield return Text(limits[i] + TimeSpan.TicksPerSecond);
            if (i > 0)
            {
                yield return Text(limits[i - 1] + ((limits[i] - limits[i - 1]) / 2));
            }
        }

        static string Text(long ticks) => new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
    }

    private static void AddLists(List<string[]?> values, List<string> singles, int longest, string key, Undecided undecided)
    {
        List<int[]> last = [.. singles.Select((_, i) => (int[])[i])];
        for (int length = 2; length <= longest; length++)
        {
            List<int[]> next = [];
            foreach (int[] list in last)
            {
                for (int i = list[^1] + 1; i < singles.Count; i++)
                {
                    if (values.Count > MostLists)
                    {
                        undecided.Add($"condition key {key} can have too many lists of values");
                        return;
                    }

                    next.Add([.. list, i]);
                    values.Add([.. next[^1].Select(index => singles[index])]);
                }
            }

            last = next;
        }
    }
}
