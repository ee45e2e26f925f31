using System.Globalization;

namespace CloudLab.Emulator.S3.Operations.Objects;

/// <summary>A range of an object.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct ByteRange(long Offset, long Length)
{
    /// <summary>Reads a Range header.</summary>
    /// <param name="text">The header, or null.</param>
    /// <param name="size">Size of the object.</param>
    /// <returns>The range; null where there is none, or not one that S3 follows (several, or bad syntax). Throws InvalidRange.</returns>
    public static ByteRange? Parse(string? text, long size)
    {
        if (text is null || !text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) || text.Contains(',', StringComparison.Ordinal))
        {
            return null;
        }

        string[] ends = text["bytes=".Length..].Trim().Split('-');
        if (ends.Length != 2 || ends[0].Length + ends[1].Length == 0)
        {
            return null;
        }

        long first = 0, last = long.MaxValue;
        if ((ends[0].Length > 0 && !Number(ends[0], out first)) || (ends[1].Length > 0 && !Number(ends[1], out last)))
        {
            return null;
        }

        if (ends[0].Length == 0)
        {
            return last == 0 || size == 0 ? throw Invalid() : new ByteRange(Math.Max(0, size - last), Math.Min(size, last));
        }

        return last < first ? null : first >= size ? throw Invalid() : new ByteRange(first, Math.Min(last, size - 1) - first + 1);

        S3Exception Invalid() => new(
            416, "InvalidRange", "The requested range is not satisfiable",
            ("RangeRequested", text), ("ActualObjectSize", size.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads the range of a part copy, which has to be one of the source's.</summary>
    /// <param name="text">The header.</param>
    /// <param name="size">Size of the source.</param>
    /// <returns>The range. Throws where it is none, or outside.</returns>
    public static ByteRange ParseExact(string text, long size)
    {
        string[] ends = text.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase) ? text["bytes=".Length..].Split('-') : [];
        if (ends.Length != 2 || !Number(ends[0], out long first) || !Number(ends[1], out long last) || last < first)
        {
            throw S3Exception.InvalidArgument(
                "x-amz-copy-source-range", text, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy");
        }

        return last < size
            ? new ByteRange(first, last - first + 1)
            : throw S3Exception.InvalidArgument(
                "x-amz-copy-source-range", text, $"Range specified is not valid for source object of size: {size}");
    }

    private static bool Number(string text, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
