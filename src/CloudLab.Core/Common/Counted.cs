using System.Globalization;

namespace CloudLab.Core.Common;

/// <summary>Numbers of things in a message.</summary>
public static class Counted
{
    /// <summary>A number with its noun.</summary>
    /// <param name="count">How many.</param>
    /// <param name="noun">What one of them is called.</param>
    /// <returns><c>1 range</c>, <c>10,000 ranges</c>.</returns>
    public static string Of(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {Noun(count, noun)}");

    /// <summary>The noun behind a number.</summary>
    /// <param name="count">How many.</param>
    /// <param name="noun">What one of them is called.</param>
    /// <returns><c>range</c>, <c>ranges</c>.</returns>
    public static string Noun(long count, string noun) => count == 1 ? noun : noun + "s";
}
