using System.Buffers.Text;

namespace CloudLab.Core.Common.Commands;

/// <summary>Reads the time at the beginning of a line of a container's log; by hand, since it is read for each of many lines.</summary>
internal static class LogTime
{
    /// <summary>Reads a time: <c>2026-11-29T07:53:00.123456789Z</c>, or with an offset in place of the Z.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time, in UTC.</param>
    /// <param name="nanoseconds">What a <see cref="DateTimeOffset"/> is too coarse for: nanoseconds since 1970.</param>
    /// <returns>False where it is no time.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTimeOffset time, out long nanoseconds)
    {
        time = default;
        nanoseconds = 0;
        if (text.Length is < 20 or > 35 || text[10] != 'T' || text[4] != '-' || text[13] != ':')
        {
            return false;
        }

        Span<int> parts = stackalloc int[6];
        ReadOnlySpan<int> starts = [0, 5, 8, 11, 14, 17];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!Utf8Parser.TryParse(text.Slice(starts[i], i == 0 ? 4 : 2), out parts[i], out int used) || used < 2)
            {
                return false;
            }
        }

        int at = 19;
        long fraction = 0;
        if (text[at] == '.')
        {
            for (long unit = 100_000_000; ++at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9'; unit /= 10)
            {
                fraction += (text[at] - '0') * unit;
            }
        }

        if (!TryOffset(text[at..], out int minutes)
            || parts is not [> 0 and < 9999, > 0 and <= 12, > 0 and <= 31, >= 0 and < 24, >= 0 and < 60, >= 0 and < 61] || parts[2] > DateTime.DaysInMonth(parts[0], parts[1]))
        {
            return false;
        }

        DateTimeOffset whole = new DateTimeOffset(parts[0], parts[1], parts[2], parts[3], parts[4], Math.Min(parts[5], 59), TimeSpan.Zero).AddMinutes(-minutes);
        nanoseconds = (whole.ToUnixTimeSeconds() * 1_000_000_000) + fraction;
        time = whole.AddTicks(fraction / 100);
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z'])
        {
            return true;
        }

        if (text is not [(byte)'+' or (byte)'-', _, _, (byte)':', _, _]
            || !Utf8Parser.TryParse(text.Slice(1, 2), out int hours, out int used) || used < 2 || !Utf8Parser.TryParse(text.Slice(4, 2), out int rest, out used) || used < 2)
        {
            return false;
        }

        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
