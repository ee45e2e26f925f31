using System.Globalization;
using System.Text;

namespace CloudLab.Core.Autoscaling.Schedules;

/// <summary>Reads numbers and durations as Go does, and says what it says.</summary>
internal static class GoText
{
    private static readonly Dictionary<string, long> Units = new(StringComparer.Ordinal)
    {
        ["ns"] = 1,
        ["us"] = 1_000,
        ["µs"] = 1_000, // micro sign
        ["μs"] = 1_000, // Greek letter mu
        ["ms"] = 1_000_000,
        ["s"] = 1_000_000_000,
        ["m"] = 60_000_000_000,
        ["h"] = 3_600_000_000_000,
    };

    /// <summary>Reads a whole number: decimal digits with or without a sign.</summary>
    /// <param name="text">The text.</param>
    /// <param name="number">The number.</param>
    /// <param name="problem">What Go says where it is none.</param>
    /// <param name="overflow">True where it does not fit into 64 bits.</param>
    /// <returns>True if it is one.</returns>
    public static bool TryNumber(string text, out long number, out string? problem, out bool overflow)
    {
        string digits = text is ['+' or '-', ..] ? text[1..] : text;
        problem = null;
        number = 0;
        overflow = false;
        if (digits.Length > 0 && digits.All(char.IsAsciiDigit))
        {
            overflow = !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
            problem = overflow ? $"strconv.Atoi: parsing {Quote(text)}: value out of range" : null;
            return !overflow;
        }

        problem = $"strconv.Atoi: parsing {Quote(text)}: invalid syntax";
        return false;
    }

    /// <summary>Reads a duration such as <c>1h30m</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="nanoseconds">The duration.</param>
    /// <returns>What Go says where it is none, else null.</returns>
    public static string? ReadDuration(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        string invalid = $"time: invalid duration {QuoteBytes(text)}";
        bool negative = text is ['-', ..];
        string rest = text is ['+' or '-', ..] ? text[1..] : text;
        if (rest == "0")
        {
            return null;
        }

        if (rest.Length == 0)
        {
            return invalid;
        }

        UInt128 total = 0;
        while (rest.Length > 0)
        {
            int whole = Digits(rest, 0), point = whole;
            int fraction = whole < rest.Length && rest[whole] == '.' ? Digits(rest, point = whole + 1) : whole;
            if (whole == 0 && fraction <= point)
            {
                return invalid;
            }

            int unit = fraction;
            while (unit < rest.Length && rest[unit] != '.' && !char.IsAsciiDigit(rest[unit]))
            {
                unit++;
            }

            if (!UInt128.TryParse(whole == 0 ? "0" : rest[..whole], NumberStyles.None, CultureInfo.InvariantCulture, out UInt128 count) || count > 1UL << 63)
            {
                return invalid;
            }

            if (unit == fraction)
            {
                return $"time: missing unit in duration {QuoteBytes(text)}";
            }

            if (!Units.TryGetValue(rest[fraction..unit], out long size))
            {
                return $"time: unknown unit {QuoteBytes(rest[fraction..unit])} in duration {QuoteBytes(text)}";
            }

            total += (count * (UInt128)size) + Part(rest[point..fraction], size);
            if (total > 1UL << 63)
            {
                return invalid;
            }

            rest = rest[unit..];
        }

        if (!negative && total > long.MaxValue)
        {
            return invalid;
        }

        nanoseconds = negative ? (long)-(Int128)total : (long)total;
        return null;
    }

    /// <summary>A text as Go quotes it.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The text between double quotes; what cannot be seen as its number.</returns>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\v' => "\\v",
                < ' ' or 0x7F => $"\\x{rune.Value:x2}",
                _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                    || (rune.Value != ' ' && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator) =>
                    rune.Value > 0xFFFF ? $"\\U{rune.Value:x8}" : $"\\u{rune.Value:x4}",
                _ => rune.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    // The time package has a way of its own.
    private static string QuoteBytes(string text) => string.Concat(
        Encoding.UTF8.GetBytes(text).Select(b => b is (byte)'"' or (byte)'\\' ? $"\\{(char)b}" : b is >= 0x20 and < 0x80 ? $"{(char)b}" : $"\\x{b:x2}")
            .Prepend("\"").Append("\""));

    private static int Digits(string text, int from)
    {
        while (from < text.Length && char.IsAsciiDigit(text[from]))
        {
            from++;
        }

        return from;
    }

    // Digits after the point, as a part of a unit; Go computes it in a double, and stops at what 63 bits hold.
    private static UInt128 Part(string digits, long size)
    {
        ulong value = 0;
        double scale = 1;
        foreach (char digit in digits)
        {
            if (value > (1UL << 63) / 10 || (value * 10) + (ulong)(digit - '0') > 1UL << 63)
            {
                break;
            }

            value = (value * 10) + (ulong)(digit - '0');
            scale *= 10;
        }

        return (UInt128)(value * (size / scale));
    }
}
