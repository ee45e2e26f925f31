using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Storage.Objects;

/// <summary>A piece of an object, counted from 0, both ends included; or so many bytes at its end.</summary>
/// <param name="Start">First byte; negative for so many bytes at the end, with no <paramref name="End"/>.</param>
/// <param name="End">Last byte; null for the object's own.</param>
public readonly record struct ByteRange(long Start, long? End = null)
{
    /// <summary>Reads a range.</summary>
    /// <param name="text"><c>0-99</c>, <c>100-</c>, or <c>-100</c> for the last hundred bytes; <c>bytes=</c> may stand before it.</param>
    /// <returns>The range. Throws <see cref="LabException"/> (InvalidRange) for anything else.</returns>
    public static ByteRange Parse(string text)
    {
        string[] ends = (text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) ? text[6..] : text).Split('-');
        if (ends.Length == 2)
        {
            long? first = Number(ends[0]), last = Number(ends[1]);
            if (first is { } start && (last >= start || ends[1].Length == 0))
            {
                return new ByteRange(start, last);
            }

            if (ends[0].Length == 0 && last > 0)
            {
                return new ByteRange(-last.Value);
            }
        }

        throw new LabException(
            LabErrorKind.InvalidArgument, "InvalidRange",
            $"'{text}' is not a byte range: write 0-99, 100- (to the end) or -100 (the last 100 bytes).");
    }

    /// <summary>The range as HTTP writes it.</summary>
    /// <returns><c>bytes=0-99</c></returns>
    public override string ToString() => Start < 0
        ? string.Create(CultureInfo.InvariantCulture, $"bytes={Start}")
        : string.Create(CultureInfo.InvariantCulture, $"bytes={Start}-{End}");

    private static long? Number(string digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
