using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CloudLab.Core.Common.Yaml;

/// <summary>
/// What a plain YAML scalar means to Kubernetes: the YAML 1.1 rules of go-yaml v2 (<c>resolve.go</c>), which kubectl and
/// every controller read manifests with. <c>yes</c> and <c>on</c> are booleans, <c>0644</c> is octal, dates and
/// <c>12:30</c> stay strings.
/// </summary>
internal static partial class YamlScalar
{
    /// <summary>Finds the value of a plain scalar.</summary>
    /// <param name="text">The scalar.</param>
    /// <returns>Its value: null, a boolean, a number, or the text itself. NaN and infinities come back as such.</returns>
    public static object? Resolve(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        char first = text[0];
        return first switch
        {
            '~' or 'y' or 'Y' or 'n' or 'N' or 't' or 'T' or 'f' or 'F' or 'o' or 'O' => ResolveWord(text),
            '.' => Special(text) ?? (object?)Float(text) ?? text,
            '+' or '-' or (>= '0' and <= '9') => Special(text) ?? Number(text.Replace("_", null, StringComparison.Ordinal)) ?? text,
            _ => text,
        };
    }

    /// <summary>Finds the value of a scalar with an explicit tag.</summary>
    /// <param name="tag">The full tag: <c>tag:yaml.org,2002:int</c>.</param>
    /// <param name="text">The scalar.</param>
    /// <param name="value">Its value.</param>
    /// <returns>False where the text is no such thing.</returns>
    public static bool TryResolve(string tag, string text, out object? value)
    {
        value = text;
        switch (tag)
        {
            case "tag:yaml.org,2002:bool":
                return (value = Resolve(text)) is bool;
            case "tag:yaml.org,2002:int":
                return (value = Resolve(text)) is long or ulong;
            case "tag:yaml.org,2002:float":
                value = Resolve(text) switch { long whole => (double)whole, ulong whole => (double)whole, var other => other };
                return value is double;
            case "tag:yaml.org,2002:null":
                return (value = Resolve(text)) is null;
            case "tag:yaml.org,2002:binary":
                try
                {
                    value = Encoding.UTF8.GetString(Convert.FromBase64String(text));
                    return true;
                }
                catch (FormatException)
                {
                    return false;
                }

            default:
                // !!str, and tags that mean nothing here.
                return true;
        }
    }

    /// <summary>A resolved value as JSON.</summary>
    /// <param name="value">What <see cref="Resolve"/> gave.</param>
    /// <returns>The node; null stands for JSON's null.</returns>
    public static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        long whole => JsonValue.Create(whole),
        ulong whole => JsonValue.Create(whole),
        double number => JsonValue.Create(number),
        _ => JsonValue.Create((string)value),
    };

    /// <summary>A resolved value as the key of a mapping; JSON knows only strings there.</summary>
    /// <param name="value">What <see cref="Resolve"/> gave.</param>
    /// <returns>The key, or null where the value cannot be one.</returns>
    public static string? ToKey(object? value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        double number when double.IsFinite(number) => ((float)number).ToString("R", CultureInfo.InvariantCulture),
        _ => null,
    };

    private static object? ResolveWord(string text) => text switch
    {
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
        "~" or "null" or "Null" or "NULL" => null,
        _ => text,
    };

    private static object? Special(string text) => text switch
    {
        ".nan" or ".NaN" or ".NAN" => double.NaN,
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" => double.PositiveInfinity,
        "-.inf" or "-.Inf" or "-.INF" => double.NegativeInfinity,
        _ => null,
    };

    private static object? Number(string plain)
    {
        if (long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long small) && !HasLeadingZero(plain))
        {
            return small;
        }

        return Integer(plain) ?? (object?)Float(plain);
    }

    private static bool HasLeadingZero(string plain)
    {
        ReadOnlySpan<char> digits = plain.AsSpan().TrimStart("+-");
        return digits.Length > 1 && digits[0] == '0';
    }

    // As Go's ParseInt with base 0 reads it: 0x, 0o, 0b and a leading 0 say the base.
    private static object? Integer(string plain)
    {
        ReadOnlySpan<char> digits = plain;
        bool negative = digits[0] == '-';
        if (digits[0] is '-' or '+')
        {
            digits = digits[1..];
        }

        int radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            (radix, int prefix) = digits[1] switch
            {
                'x' or 'X' => (16, 2),
                'o' or 'O' => (8, 2),
                'b' or 'B' => (2, 2),
                _ => (8, 1),
            };
            digits = digits[prefix..];
        }

        if (digits.IsEmpty)
        {
            return null;
        }

        BigInteger total = BigInteger.Zero;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : radix;
            if (digit >= radix)
            {
                return null;
            }

            total = (total * radix) + digit;
        }

        total = negative ? -total : total;
        return total >= long.MinValue && total <= long.MaxValue ? (long)total
            : total > 0 && total <= ulong.MaxValue && plain[0] != '+' ? (object)(ulong)total
            : null;
    }

    private static double? Float(string plain) =>
        FloatPattern().IsMatch(plain)
        && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
        && double.IsFinite(number)
            ? number
            : null;

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern();
}
