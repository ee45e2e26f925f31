using System.Globalization;

namespace CloudLab.Core.Identity.Policies;

/// <summary>
/// A condition operator, taken apart
/// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
/// </summary>
internal sealed class ConditionTest
{
    /// <summary>How one value of the policy compares with one of the request.</summary>
    /// <param name="expected">The policy's value, variables already put in.</param>
    /// <param name="actual">The request's value.</param>
    /// <returns>True if it holds.</returns>
    private delegate bool Comparison(string expected, string actual);

    // Only the operators of strings and ARNs have variables.
    private sealed record Operator(bool Negated, bool Wildcards, Comparison Holds, Func<string, bool> Accepts, bool Variables = false);

    private static readonly Dictionary<string, Operator> Operators = new(StringComparer.Ordinal)
    {
        ["StringEquals"] = Text(false, static (e, a) => string.Equals(e, a, StringComparison.Ordinal)),
        ["StringNotEquals"] = Text(true, static (e, a) => string.Equals(e, a, StringComparison.Ordinal)),
        ["StringEqualsIgnoreCase"] = Text(false, static (e, a) => string.Equals(e, a, StringComparison.OrdinalIgnoreCase)),
        ["StringNotEqualsIgnoreCase"] = Text(true, static (e, a) => string.Equals(e, a, StringComparison.OrdinalIgnoreCase)),
        ["StringLike"] = Pattern(false, static (e, a) => PolicyPattern.IsMatch(e, a)),
        ["StringNotLike"] = Pattern(true, static (e, a) => PolicyPattern.IsMatch(e, a)),
        // Equals and Like of ARNs are the same: each of the six parts is compared by itself, with wildcards.
        ["ArnEquals"] = Pattern(false, ArnMatches),
        ["ArnLike"] = Pattern(false, ArnMatches),
        ["ArnNotEquals"] = Pattern(true, ArnMatches),
        ["ArnNotLike"] = Pattern(true, ArnMatches),
        ["NumericEquals"] = Number(false, static c => c == 0),
        ["NumericNotEquals"] = Number(true, static c => c == 0),
        ["NumericLessThan"] = Number(false, static c => c < 0),
        ["NumericLessThanEquals"] = Number(false, static c => c <= 0),
        ["NumericGreaterThan"] = Number(false, static c => c > 0),
        ["NumericGreaterThanEquals"] = Number(false, static c => c >= 0),
        ["DateEquals"] = Date(false, static c => c == 0),
        ["DateNotEquals"] = Date(true, static c => c == 0),
        ["DateLessThan"] = Date(false, static c => c < 0),
        ["DateLessThanEquals"] = Date(false, static c => c <= 0),
        ["DateGreaterThan"] = Date(false, static c => c > 0),
        ["DateGreaterThanEquals"] = Date(false, static c => c >= 0),
        ["Bool"] = new(false, false, static (e, a) => string.Equals(e, a, StringComparison.OrdinalIgnoreCase), IsBool),
        ["BinaryEquals"] = new(false, false, SameBytes, static v => TryBytes(v, out _)),
        ["IpAddress"] = new(false, false, InNetwork, static v => IpNetwork.TryParse(v, out _)),
        ["NotIpAddress"] = new(true, false, InNetwork, static v => IpNetwork.TryParse(v, out _)),
        ["Null"] = new(false, false, static (_, _) => false, IsBool),
    };

    private static readonly string[] DateForms =
    [
        "yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    private readonly string name;
    private readonly Operator comparison;
    private readonly Quantifier quantifier;
    private readonly bool ifExists;

    private ConditionTest(string name, Operator comparison, Quantifier quantifier, bool ifExists)
    {
        this.name = name;
        this.comparison = comparison;
        this.quantifier = quantifier;
        this.ifExists = ifExists;
    }

    private enum Quantifier
    {
        None,
        ForAllValues,
        ForAnyValue,
    }

    /// <summary>The operator without prefix and suffix: <c>StringLike</c>.</summary>
    public string Name => name;

    /// <summary>Whether it is one with Not.</summary>
    public bool IsNegated => comparison.Negated;

    /// <summary>Whether <c>*</c> and <c>?</c> of its values are wildcards.</summary>
    public bool HasWildcards => comparison.Wildcards;

    /// <summary>Whether it compares sets: begins with ForAllValues or ForAnyValue.</summary>
    public bool IsOfSets => quantifier != Quantifier.None;

    /// <summary>Operators that exist, without prefix and suffix.</summary>
    public static IEnumerable<string> Names => Operators.Keys;

    /// <summary>Takes an operator apart.</summary>
    /// <param name="text">As the policy has it.</param>
    /// <returns>The operator, or null if there is none of that name.</returns>
    public static ConditionTest? Parse(string text)
    {
        string name = text;
        Quantifier quantifier = Quantifier.None;
        foreach (Quantifier candidate in (Quantifier[])[Quantifier.ForAllValues, Quantifier.ForAnyValue])
        {
            if (name.StartsWith(candidate + ":", StringComparison.Ordinal))
            {
                quantifier = candidate;
                name = name[(candidate.ToString().Length + 1)..];
            }
        }

        bool ifExists = name.EndsWith("IfExists", StringComparison.Ordinal);
        if (ifExists)
        {
            name = name[..^"IfExists".Length];
        }

        return Operators.TryGetValue(name, out Operator? comparison) && !(name == "Null" && (ifExists || quantifier != Quantifier.None))
            ? new ConditionTest(name, comparison, quantifier, ifExists)
            : null;
    }

    /// <summary>Whether a value can stand in a policy beside this operator. One with a variable always can.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True if so.</returns>
    public bool Accepts(string value) => value.Contains("${", StringComparison.Ordinal) || comparison.Accepts(value);

    /// <summary>Whether a condition holds.</summary>
    /// <param name="expected">The policy's values.</param>
    /// <param name="actual">The request's values, or null where it has no such key.</param>
    /// <param name="variables">The request's values for policy variables, or null where the policy's version has none.</param>
    /// <returns>True if it holds.</returns>
    public bool Holds(IReadOnlyList<string> expected, IReadOnlyList<string>? actual, PolicyContext? variables)
    {
        if (name == "Null")
        {
            bool absent = actual is null or { Count: 0 };
            return expected.Any(value => bool.TryParse(value, out bool wanted) && wanted == absent);
        }

        if (actual is null or { Count: 0 })
        {
            // ForAllValues holds for no values at all, ForAnyValue does not; without either, only the negated operators
            // hold for a key that is not there.
            return ifExists || quantifier switch
            {
                Quantifier.ForAllValues => true,
                Quantifier.ForAnyValue => false,
                _ => comparison.Negated,
            };
        }

        PolicyContext? context = comparison.Variables ? variables : null;
        string[] wanted = new string[expected.Count];
        int known = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            if (PolicyPattern.Expand(expected[i], context, comparison.Wildcards) is { } expanded)
            {
                wanted[known++] = expanded;
            }
            else if (comparison.Negated)
            {
                // What is not known can not be unequal either.
                return false;
            }
        }

        // Every value of the request must match with ForAllValues and for the negated operators, any one for the others.
        bool all = quantifier == Quantifier.ForAllValues || (quantifier == Quantifier.None && comparison.Negated);
        for (int i = 0; i < actual.Count; i++)
        {
            if (Matches(wanted.AsSpan(0, known), actual[i]) != all)
            {
                return !all;
            }
        }

        return all;
    }

    private bool Matches(ReadOnlySpan<string> wanted, string value)
    {
        foreach (string one in wanted)
        {
            if (comparison.Holds(one, value))
            {
                return !comparison.Negated;
            }
        }

        return comparison.Negated;
    }

    private static Operator Text(bool negated, Comparison holds) => new(negated, false, holds, static _ => true, Variables: true);

    private static Operator Pattern(bool negated, Comparison holds) => new(negated, true, holds, static _ => true, Variables: true);

    private static Operator Number(bool negated, Func<int, bool> order) => new(
        negated, false,
        (e, a) => TryNumber(e, out decimal left) && TryNumber(a, out decimal right) && order(right.CompareTo(left)),
        static v => TryNumber(v, out _));

    private static Operator Date(bool negated, Func<int, bool> order) => new(
        negated, false,
        (e, a) => TryDate(e, out DateTimeOffset left) && TryDate(a, out DateTimeOffset right) && order(right.CompareTo(left)),
        static v => TryDate(v, out _));

    private static bool IsBool(string value) => bool.TryParse(value, out _);

    internal static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    // The W3C's profile of ISO 8601, or seconds since 1970.
    internal static bool TryDate(string text, out DateTimeOffset date)
    {
        if (text.Length != 4 && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds))
        {
            bool inRange = seconds is >= -62135596800 and <= 253402300799;
            date = inRange ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
            return inRange;
        }

        return DateTimeOffset.TryParseExact(
            text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);
    }

    private static bool ArnMatches(string expected, string actual)
    {
        string[] left = expected.Split(':', 6), right = actual.Split(':', 6);
        if (left.Length != 6 || right.Length != 6)
        {
            return left.Length == 1 && PolicyPattern.IsMatch(expected, actual);
        }

        for (int i = 0; i < 6; i++)
        {
            if (!PolicyPattern.IsMatch(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool InNetwork(string expected, string actual) =>
        IpNetwork.TryParse(expected, out IpNetwork network) && IpNetwork.TryParse(actual, out IpNetwork address) && network.Contains(address);

    private static bool SameBytes(string expected, string actual) =>
        TryBytes(expected, out byte[] left) && TryBytes(actual, out byte[] right) && left.AsSpan().SequenceEqual(right);

    private static bool TryBytes(string text, out byte[] bytes)
    {
        byte[] buffer = new byte[text.Length];
        bool good = Convert.TryFromBase64String(text, buffer, out int length);
        bytes = buffer[..length];
        return good;
    }
}
