using System.Globalization;
using System.Net;

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

    private sealed record Operator(bool Negated, bool Wildcards, Comparison Holds, Func<string, bool> Accepts);

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
        ["BinaryEquals"] = Text(false, static (e, a) => string.Equals(e, a, StringComparison.Ordinal)),
        ["IpAddress"] = new(false, false, InNetwork, static v => TryNetwork(v, out _, out _)),
        ["NotIpAddress"] = new(true, false, InNetwork, static v => TryNetwork(v, out _, out _)),
        ["Null"] = new(false, false, static (_, _) => false, IsBool),
    };

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

        List<string> wantedValues = [];
        foreach (string value in expected)
        {
            if (PolicyPattern.Expand(value, variables, comparison.Wildcards) is { } expanded)
            {
                wantedValues.Add(expanded);
            }
            else if (comparison.Negated)
            {
                // What is not known can not be unequal either.
                return false;
            }
        }

        bool Matches(string value) => comparison.Negated != wantedValues.Exists(wanted => comparison.Holds(wanted, value));
        return quantifier switch
        {
            Quantifier.ForAllValues => actual.All(Matches),
            Quantifier.ForAnyValue => actual.Any(Matches),
            _ => comparison.Negated ? actual.All(Matches) : actual.Any(Matches),
        };
    }

    private static Operator Text(bool negated, Comparison holds) => new(negated, false, holds, static _ => true);

    private static Operator Pattern(bool negated, Comparison holds) => new(negated, true, holds, static _ => true);

    private static Operator Number(bool negated, Func<int, bool> order) => new(
        negated, false,
        (e, a) => TryNumber(e, out decimal left) && TryNumber(a, out decimal right) && order(right.CompareTo(left)),
        static v => TryNumber(v, out _));

    private static Operator Date(bool negated, Func<int, bool> order) => new(
        negated, false,
        (e, a) => TryDate(e, out DateTimeOffset left) && TryDate(a, out DateTimeOffset right) && order(right.CompareTo(left)),
        static v => TryDate(v, out _));

    private static bool IsBool(string value) => bool.TryParse(value, out _);

    private static bool TryNumber(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    // A W3C profile of ISO 8601, or seconds since 1970.
    private static bool TryDate(string text, out DateTimeOffset date)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds) && text.Length > 4)
        {
            bool inRange = seconds is >= -62135596800 and <= 253402300799;
            date = inRange ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
            return inRange;
        }

        return DateTimeOffset.TryParse(
            text.Length == 4 ? text + "-01-01" : text, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out date);
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

    private static bool InNetwork(string expected, string actual)
    {
        if (!TryNetwork(expected, out byte[] network, out int bits) || !IPAddress.TryParse(actual, out IPAddress? address))
        {
            return false;
        }

        byte[] bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        if (bytes.Length != network.Length)
        {
            return false;
        }

        for (int i = 0; i < bits; i++)
        {
            int mask = 0x80 >> (i % 8);
            if ((bytes[i / 8] & mask) != (network[i / 8] & mask))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryNetwork(string text, out byte[] network, out int bits)
    {
        string[] parts = text.Split('/', 2);
        if (IPAddress.TryParse(parts[0], out IPAddress? address))
        {
            network = address.GetAddressBytes();
            bits = network.Length * 8;
            return parts.Length == 1
                || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given <= bits && (bits = given) >= 0);
        }

        network = [];
        bits = 0;
        return false;
    }
}
