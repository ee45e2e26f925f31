using System.Globalization;
using System.Numerics;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common.Quantities;

/// <content>How quantities are read.</content>
public readonly partial struct Quantity
{
    private const string WrongForm = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    private const string WrongNumber = "unable to parse numeric part of quantity";
    private const string WrongSuffix = "unable to parse quantity's suffix";

    /// <summary>Reads a quantity.</summary>
    /// <param name="text">Text of it.</param>
    /// <returns>The quantity. Throws <see cref="LabException"/> (<c>InvalidQuantity</c>) where it is none.</returns>
    public static Quantity Parse(string text) => TryParse(text, out Quantity quantity, out _)
        ? quantity
        : throw new LabException(
            LabErrorKind.InvalidData, "InvalidQuantity", $"'{text}' is not a Kubernetes quantity: write 500m, 0.5, 2, 128Mi or 1e3, with no space.");

    /// <summary>Reads a quantity.</summary>
    /// <param name="text">Text of it.</param>
    /// <param name="quantity">The quantity.</param>
    /// <returns>False if it is none.</returns>
    public static bool TryParse(string? text, out Quantity quantity) => TryParse(text, out quantity, out _);

    /// <summary>Reads a quantity.</summary>
    /// <param name="text">Text of it.</param>
    /// <param name="quantity">The quantity.</param>
    /// <param name="problem">What the API server says of it where it is none.</param>
    /// <returns>False if it is none.</returns>
    public static bool TryParse(string? text, out Quantity quantity, out string? problem)
    {
        quantity = default;
        problem = null;
        if (string.IsNullOrEmpty(text))
        {
            problem = WrongForm;
            return false;
        }

        if (!Split(text, out Parts parts))
        {
            problem = WrongForm;
            return false;
        }

        if (!Interpret(parts.Suffix, out int numberBase, out int exponent, out QuantityFormat format))
        {
            problem = WrongSuffix;
            return false;
        }

        if (Small(text, parts, exponent, format) is { } small)
        {
            quantity = small;
            return true;
        }

        if (Math.Abs((long)exponent) > LargestExponent)
        {
            problem = WrongNumber;
            return false;
        }

        quantity = Big(parts, numberBase, exponent, format);
        return true;
    }

    private static bool Split(string text, out Parts parts)
    {
        parts = default;
        int at = 0, end = text.Length;
        bool negative = text[0] == '-';
        if (text[0] is '-' or '+')
        {
            at++;
        }

        while (at < end && text[at] == '0')
        {
            at++;
        }

        int start = at;
        at = Digits(text, at);
        parts = new Parts(negative, at == start ? "0" : text[start..at], "", "");
        if (at < end && text[at] == '.')
        {
            int fraction = at + 1;
            at = Digits(text, fraction);
            parts = parts with { Fraction = text[fraction..at] };
        }

        int suffix = at;
        while (at < end && "eEinumkKMGTP".Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }

        if (at < end && text[at] is '-' or '+')
        {
            at++;
        }

        at = Digits(text, at);
        parts = parts with { Suffix = text[suffix..at] };
        return at == end;
    }

    private static int Digits(string text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool Interpret(string suffix, out int numberBase, out int exponent, out QuantityFormat format)
    {
        (numberBase, exponent, format) = suffix switch
        {
            "" => (10, 0, QuantityFormat.DecimalSI),
            "n" => (10, -9, QuantityFormat.DecimalSI),
            "u" => (10, -6, QuantityFormat.DecimalSI),
            "m" => (10, -3, QuantityFormat.DecimalSI),
            "k" => (10, 3, QuantityFormat.DecimalSI),
            "M" => (10, 6, QuantityFormat.DecimalSI),
            "G" => (10, 9, QuantityFormat.DecimalSI),
            "T" => (10, 12, QuantityFormat.DecimalSI),
            "P" => (10, 15, QuantityFormat.DecimalSI),
            "E" => (10, 18, QuantityFormat.DecimalSI),
            "Ki" => (2, 10, QuantityFormat.BinarySI),
            "Mi" => (2, 20, QuantityFormat.BinarySI),
            "Gi" => (2, 30, QuantityFormat.BinarySI),
            "Ti" => (2, 40, QuantityFormat.BinarySI),
            "Pi" => (2, 50, QuantityFormat.BinarySI),
            "Ei" => (2, 60, QuantityFormat.BinarySI),
            _ => (0, 0, QuantityFormat.DecimalExponent),
        };
        if (numberBase != 0)
        {
            return true;
        }

        if (suffix.Length > 1 && suffix[0] is 'e' or 'E'
            && long.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long parsed))
        {
            numberBase = 10;
            exponent = unchecked((int)parsed);
            return true;
        }

        return false;
    }

    // The amount in 64 bits, where there is room for it; keeps the text that is in the server's own form.
    private static Quantity? Small(string text, in Parts parts, int exponent, QuantityFormat format)
    {
        int precision;
        int scale = 0;
        long times = 1;
        if (format != QuantityFormat.BinarySI)
        {
            scale = exponent;
            precision = 18 - (parts.Whole.Length + parts.Fraction.Length);
        }
        else if (parts.Fraction.Length == 0)
        {
            times = 1L << exponent;
            precision = 15 - parts.Whole.Length - (int)((float)exponent * 3 / 10) - 1;
        }
        else
        {
            return null;
        }

        scale = unchecked(scale - parts.Fraction.Length);
        if (precision < 0 || scale < Nano)
        {
            return null;
        }

        string shifted = parts.Whole + parts.Fraction;
        long number = long.Parse(shifted, NumberStyles.None, CultureInfo.InvariantCulture);
        if (Math.BigMul(number, times, out long result) != (result >> 63))
        {
            return null;
        }

        bool asWritten = format == QuantityFormat.BinarySI
            ? exponent % 10 == 0 && (number & 7) != 0
            : scale % 3 == 0 && !shifted.EndsWith("000", StringComparison.Ordinal) && shifted[0] != '0';
        return new Quantity(parts.Negative ? -result : result, scale, format, asWritten ? text : null);
    }

    private static Quantity Big(in Parts parts, int numberBase, int exponent, QuantityFormat format)
    {
        BigInteger amount = BigInteger.Parse("0" + parts.Whole + parts.Fraction, NumberStyles.None, CultureInfo.InvariantCulture);
        int place = -parts.Fraction.Length;
        if (numberBase == 2)
        {
            amount <<= exponent;
        }
        else
        {
            place += exponent;
        }

        if (!amount.IsZero)
        {
            // What is below the smallest unit is rounded up: whoever asks for something gets something.
            if (place < Nano)
            {
                BigInteger quotient = FloorDivide(amount, BigInteger.Pow(10, Nano - place), out bool whole);
                amount = whole ? quotient : quotient + 1;
            }
            else
            {
                amount *= BigInteger.Pow(10, place - Nano);
            }

            place = Nano;
        }

        BigInteger one = BigInteger.Pow(10, -Math.Min(place, 0));
        if (format == QuantityFormat.BinarySI && amount > long.MaxValue * one)
        {
            amount = long.MaxValue;
            place = 0;
        }
        else if (format == QuantityFormat.BinarySI && amount < one && amount.Sign > 0)
        {
            format = QuantityFormat.DecimalSI;
        }

        return new Quantity(new Large(parts.Negative ? -amount : amount, place), format);
    }

    private readonly record struct Parts(bool Negative, string Whole, string Fraction, string Suffix);
}
