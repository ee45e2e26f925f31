using System.Globalization;
using System.Numerics;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common.Quantities;

/// <summary>
/// A Kubernetes quantity such as <c>100m</c>, <c>1.5</c> or <c>128Mi</c>, exact as the API server's own
/// (k8s.io/apimachinery, pkg/api/resource): value, rounding away from zero, canonical text, and what it does with numbers that do
/// not fit into 64 bits.
/// </summary>
public readonly partial struct Quantity : IComparable<Quantity>, IEquatable<Quantity>
{
    private const int Nano = -9;

    // More digits than any amount has; beyond it a text of a few characters would need megabytes of digits.
    private const int LargestExponent = 100_000;

    // Small amounts are value x 10^scale; what does not fit is in large.
    private readonly long value;
    private readonly int scale;
    private readonly Large? large;
    private readonly string? text;

    private Quantity(long value, int scale, QuantityFormat format, string? text = null)
    {
        this.value = value;
        this.scale = scale;
        this.text = text;
        Format = format;
    }

    private Quantity(Large large, QuantityFormat format)
    {
        this.large = large;
        Format = format;
    }

    /// <summary>How the quantity is written.</summary>
    public QuantityFormat Format { get; }

    /// <summary>-1 below zero, 0 at zero, 1 above.</summary>
    public int Sign => large is null ? Math.Sign(value) : large.Unscaled.Sign;

    /// <summary>The whole number, rounded away from zero. Wraps or gives 0 beyond 64 bits, as the API server's does.</summary>
    public long Value => ScaledValue(0);

    /// <summary>The thousandths, rounded away from zero. Wraps or gives 0 beyond 64 bits, as the API server's does.</summary>
    public long MilliValue => ScaledValue(-3);

    /// <summary>The text in its one canonical form, whatever was read.</summary>
    public string CanonicalText => Canonical();

    /// <summary>Whether two quantities are the same amount.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they are.</returns>
    public static bool operator ==(Quantity left, Quantity right) => left.CompareTo(right) == 0;

    /// <summary>Whether two quantities differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they do.</returns>
    public static bool operator !=(Quantity left, Quantity right) => left.CompareTo(right) != 0;

    /// <summary>Whether one is less than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where it is.</returns>
    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    /// <summary>Whether one is more than the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where it is.</returns>
    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    /// <summary>Whether one is at most the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where it is.</returns>
    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one is at least the other.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where it is.</returns>
    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;

    /// <summary>The sum, in the format of the first unless that is zero.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>The sum.</returns>
    public static Quantity operator +(Quantity left, Quantity right) => left.Plus(right, negate: false);

    /// <summary>The difference, in the format of the first unless that is zero.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">What is taken off.</param>
    /// <returns>The difference.</returns>
    public static Quantity operator -(Quantity left, Quantity right) => left.Plus(right, negate: true);

    /// <summary>An amount of thousandths.</summary>
    /// <param name="milli">Thousandths.</param>
    /// <param name="format">How to write it.</param>
    /// <returns>The quantity.</returns>
    public static Quantity FromMilli(long milli, QuantityFormat format = QuantityFormat.DecimalSI) => new(milli, -3, format);

    /// <summary>The amount in units of 10^scale, rounded away from zero. Wraps or gives 0 beyond 64 bits, as the API server's does.</summary>
    /// <param name="unit">Exponent of the unit: -3 for thousandths.</param>
    /// <returns>The number of units.</returns>
    public long ScaledValue(int unit)
    {
        if (large is null)
        {
            return scale < unit
                ? Reduce(value, unit - scale, out _)
                : Raise(value, scale - unit, out long raised) ? raised : 0;
        }

        int steps = unit - large.Exponent;
        long low = Low64(large.Unscaled);
        if (steps == 0)
        {
            return low;
        }

        if (steps < 0)
        {
            return unchecked(low * Truncated(Pow10(-steps)));
        }

        // The API server takes this way for every number below the largest, also those far below zero.
        if (large.Unscaled < long.MaxValue && steps < 19)
        {
            long divisor = Pow10Long(steps);
            return unchecked((low / divisor) + (low % divisor == 0 ? 0 : 1));
        }

        BigInteger quotient = FloorDivide(large.Unscaled, BigInteger.Pow(10, steps), out bool whole);
        return unchecked(Low64(quotient) + (whole ? 0 : 1));
    }

    /// <summary>The amount as a floating-point number, as the API server works it out: a product of two, not always the nearest.</summary>
    /// <returns>The number; infinite where it is too large.</returns>
    public double ToDouble()
    {
        (double number, int exponent) = large is null ? (value, scale) : (Nearest(large.Unscaled), large.Exponent);
        return exponent == 0 ? number : number * Pow10(exponent);
    }

    /// <inheritdoc/>
    public int CompareTo(Quantity other)
    {
        int sign = Sign;
        if (sign != other.Sign || sign == 0)
        {
            return sign.CompareTo(other.Sign);
        }

        if (large is null && other.large is null && scale == other.scale)
        {
            return value.CompareTo(other.value);
        }

        Large a = AsLarge(), b = other.AsLarge();

        // Where the first digits are at different places no power of ten is needed.
        long placeA = Digits(a.Unscaled) + a.Exponent, placeB = Digits(b.Unscaled) + b.Exponent;
        if (placeA != placeB)
        {
            return placeA > placeB == sign > 0 ? 1 : -1;
        }

        int exponent = Math.Min(a.Exponent, b.Exponent);
        return a.At(exponent).CompareTo(b.At(exponent));
    }

    /// <inheritdoc/>
    public bool Equals(Quantity other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        Large amount = AsLarge();
        BigInteger digits = RemoveFactors(amount.Unscaled, 10, out int times);
        return HashCode.Combine(digits, digits.IsZero ? 0 : amount.Exponent + times);
    }

    /// <summary>The text that the API server would store.</summary>
    /// <returns>What was read where that is in its form, the canonical text otherwise.</returns>
    public override string ToString() => text ?? Canonical();

    private static bool Raise(long number, int steps, out long raised)
    {
        raised = number;
        if (number == 0)
        {
            return true;
        }

        for (int i = 0; i < steps; i++)
        {
            if (Math.BigMul(raised, 10L, out long next) != (next >> 63))
            {
                return false;
            }

            raised = next;
        }

        return true;
    }

    private static long Reduce(long number, int steps, out bool exact)
    {
        long reduced = number;
        bool fraction = false;
        for (int i = 0; i < steps && reduced != 0; i++)
        {
            fraction |= reduced % 10 != 0;
            reduced /= 10;
        }

        exact = !fraction;
        return fraction ? reduced + (number > 0 ? 1 : -1) : reduced;
    }

    private static BigInteger FloorDivide(BigInteger amount, BigInteger divisor, out bool whole)
    {
        BigInteger quotient = BigInteger.DivRem(amount, divisor, out BigInteger rest);
        whole = rest.IsZero;
        return rest.Sign < 0 ? quotient - 1 : quotient;
    }

    private static BigInteger RemoveFactors(BigInteger amount, int factor, out int times)
    {
        times = 0;
        while (!amount.IsZero)
        {
            BigInteger quotient = BigInteger.DivRem(amount, factor, out BigInteger rest);
            if (!rest.IsZero)
            {
                break;
            }

            amount = quotient;
            times++;
        }

        return amount;
    }

    private static long RemoveFactors(long amount, int factor, out int times)
    {
        times = 0;
        ulong rest = unchecked((ulong)(amount < 0 ? -amount : amount));
        if (amount == long.MinValue)
        {
            return amount;
        }

        while (rest >= (ulong)factor && rest % (ulong)factor == 0)
        {
            rest /= (ulong)factor;
            times++;
        }

        return amount < 0 ? -(long)rest : (long)rest;
    }

    private static int Digits(BigInteger amount) =>
        BigInteger.Abs(amount).ToString(CultureInfo.InvariantCulture).Length;

    // The low 64 bits with the sign of the whole.
    private static long Low64(BigInteger amount)
    {
        ulong low = (ulong)(BigInteger.Abs(amount) & ulong.MaxValue);
        return unchecked(amount.Sign < 0 ? -(long)low : (long)low);
    }

    // The runtime's own conversion cuts off; this one rounds to the nearest, half to even.
    private static double Nearest(BigInteger amount)
    {
        BigInteger size = BigInteger.Abs(amount);
        int shift = (int)Math.Max(0, (long)size.GetBitLength() - 64);
        ulong top = (ulong)(size >> shift);
        if (shift > 0 && !(size & ((BigInteger.One << shift) - 1)).IsZero)
        {
            top |= 1;
        }

        double number = Math.ScaleB((double)top, shift);
        return amount.Sign < 0 ? -number : number;
    }

    private static long Pow10Long(int steps)
    {
        long power = 1;
        for (int i = 0; i < steps; i++)
        {
            power *= 10;
        }

        return power;
    }

    private static long Truncated(double number) => number >= long.MaxValue ? long.MinValue : (long)number;

    // Two table values each, as Go's math.Pow10: the last digit of a product depends on it.
    private static double Pow10(int exponent) => exponent switch
    {
        >= 0 and <= 308 => Power(exponent / 32 * 32) * Power(exponent % 32),
        >= -323 and < 0 => Power(-(-exponent / 32 * 32)) / Power(-exponent % 32),
        > 0 => double.PositiveInfinity,
        _ => 0,
    };

    private static double Power(int exponent) => double.Parse("1e" + exponent.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Suffix(int exponent, QuantityFormat format) => (format, exponent) switch
    {
        (_, 0) => "",
        (QuantityFormat.DecimalExponent, _) => "e" + exponent.ToString(CultureInfo.InvariantCulture),
        (_, -9) => "n",
        (_, -6) => "u",
        (_, -3) => "m",
        (_, 3) => "k",
        (_, 6) => "M",
        (_, 9) => "G",
        (_, 12) => "T",
        (_, 15) => "P",
        (_, 18) => "E",
        _ => "",
    };

    private static string BinarySuffix(int thousands) => thousands is > 0 and <= 6 ? "KMGTPE"[thousands - 1] + "i" : "";

    private string Canonical()
    {
        if (Sign == 0)
        {
            return "0";
        }

        if (Format != QuantityFormat.BinarySI || (CompareTo(new Quantity(-1024, 0, Format)) > 0 && CompareTo(new Quantity(1024, 0, Format)) < 0)
            || !IsWhole)
        {
            QuantityFormat format = Format == QuantityFormat.BinarySI ? QuantityFormat.DecimalSI : Format;
            (string digits, int exponent) = Thousands();
            return digits + Suffix(exponent, format);
        }

        if (large is null && (scale < 0 ? Reduce(value, -scale, out _) : Raise(value, scale, out long raised) ? raised : null as long?) is { } whole)
        {
            return RemoveFactors(whole, 1024, out int times).ToString(CultureInfo.InvariantCulture) + BinarySuffix(times);
        }

        return RemoveFactors(AsLarge().At(0), 1024, out int many).ToString(CultureInfo.InvariantCulture) + BinarySuffix(many);
    }

    private bool IsWhole
    {
        get
        {
            if (large is null)
            {
                if (scale >= 0)
                {
                    return true;
                }

                Reduce(value, -scale, out bool exact);
                return exact;
            }

            return large.Exponent >= 0 || (large.Unscaled % BigInteger.Pow(10, -large.Exponent)).IsZero;
        }
    }

    // Digits and an exponent that is a multiple of three.
    private (string Digits, int Exponent) Thousands()
    {
        if (large is null)
        {
            long digits = RemoveFactors(value, 10, out int times);
            int exponent = unchecked(scale + times);
            int up = ((exponent % 3) + 3) % 3;
            if (Raise(digits, up, out long raised))
            {
                return (raised.ToString(CultureInfo.InvariantCulture), exponent - up);
            }
        }

        Large all = AsLarge();
        BigInteger amount = RemoveFactors(all.Unscaled, 10, out int removed);
        int place = all.Exponent + removed;
        while (place % 3 != 0)
        {
            amount *= 10;
            place--;
        }

        return (amount.ToString(CultureInfo.InvariantCulture), place);
    }

    private Quantity Plus(Quantity other, bool negate)
    {
        QuantityFormat format = Sign == 0 ? other.Format : Format;
        if (large is null && other.large is null)
        {
            long added = negate ? unchecked(-other.value) : other.value;
            if (added == 0)
            {
                return new Quantity(value, scale, format);
            }

            if (value == 0)
            {
                return new Quantity(added, other.scale, format);
            }

            int to = Math.Min(scale, other.scale);
            if (Raise(value, scale - to, out long a) && Raise(added, other.scale - to, out long b))
            {
                long sum = unchecked(a + b);
                if (((a ^ sum) & (b ^ sum)) >= 0)
                {
                    return new Quantity(sum, to, format);
                }
            }
        }

        Large left = AsLarge(), right = other.AsLarge();
        int exponent = Math.Min(left.Exponent, right.Exponent);
        if (Math.Max(left.Exponent, right.Exponent) - (long)exponent > LargestExponent)
        {
            throw new LabException(LabErrorKind.InvalidData, "InvalidQuantity", $"{this} and {other} are too far apart to be added.");
        }

        BigInteger first = left.At(exponent), second = right.At(exponent);
        return new Quantity(new Large(negate ? first - second : first + second, exponent), format);
    }

    private Large AsLarge() => large ?? new Large(value, scale);

    // Unscaled x 10^Exponent.
    private sealed record Large(BigInteger Unscaled, int Exponent)
    {
        public BigInteger At(int exponent) => Exponent == exponent ? Unscaled : Exponent > exponent
            ? Unscaled * BigInteger.Pow(10, Exponent - exponent)
            : Unscaled / BigInteger.Pow(10, exponent - Exponent);
    }
}
