using System.Text;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>Keys as their characters: code points, whose order is that of the listing.</summary>
internal static class KeyText
{
    /// <summary>The largest character.</summary>
    public const int Largest = 0x10ffff;

    /// <summary>The last character of ASCII.</summary>
    public const int Ascii = 0x7f;

    private const int FirstSurrogate = 0xd800, LastSurrogate = 0xdfff, FirstOutside = 0xfffe;

    /// <summary>The characters of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Code points.</returns>
    public static int[] Points(string key) => [.. key.EnumerateRunes().Select(rune => rune.Value)];

    /// <summary>A key of these characters.</summary>
    /// <param name="points">Code points.</param>
    /// <returns>The text.</returns>
    public static string Text(ReadOnlySpan<int> points)
    {
        StringBuilder text = new(points.Length);
        foreach (int point in points)
        {
            text.Append(new Rune(point).ToString());
        }

        return text.ToString();
    }

    /// <summary>How many characters two keys have in common at their beginning.</summary>
    /// <param name="one">A key.</param>
    /// <param name="other">Another.</param>
    /// <returns>The number.</returns>
    public static int Shared(ReadOnlySpan<int> one, ReadOnlySpan<int> other) => one.CommonPrefixLength(other);

    /// <summary>What sorts behind all that begins as a key does.</summary>
    /// <param name="key">The key.</param>
    /// <param name="length">How many characters of it count, at least one.</param>
    /// <returns>The shortest such text; null where there is none.</returns>
    public static string? Behind(ReadOnlySpan<int> key, int length)
    {
        int[] points = [.. key[..length]];
        if (points[^1] == Largest)
        {
            return null;
        }

        points[^1] = Character(points[^1] + 1, up: true);
        return Text(points);
    }

    /// <summary>A number as a character: half a surrogate pair is none, and U+FFFE and U+FFFF cannot be in the XML of a listing that names where it begins.</summary>
    /// <param name="point">Any number up to the largest character.</param>
    /// <param name="up">True for the next character, false for the one before.</param>
    /// <returns>A code point.</returns>
    public static int Character(int point, bool up = false) =>
        point is >= FirstSurrogate and <= LastSurrogate ? up ? LastSurrogate + 1 : FirstSurrogate - 1
        : point is FirstOutside or FirstOutside + 1 ? up ? FirstOutside + 2 : FirstOutside - 1
        : point;

    /// <summary>The characters that may stand where these were seen.</summary>
    /// <param name="seen">Characters at one place of several keys.</param>
    /// <returns>All digits for a digit, all letters for a letter; with digits hexadecimal ones, where all are of one case and none is beyond.</returns>
    public static SortedSet<int> Alphabet(IEnumerable<int> seen)
    {
        SortedSet<int> all = [.. seen];
        bool hex = all.Any(Digit) && all.Any(Lower) != all.Any(Upper) && all.All(c => !Lower(c) || c <= 'f') && all.All(c => !Upper(c) || c <= 'F');
        foreach ((Func<int, bool> isOne, char from, char to) in new[] { (Digit, '0', '9'), ((Func<int, bool>)Lower, 'a', hex ? 'f' : 'z'), (Upper, 'A', hex ? 'F' : 'Z') })
        {
            if (all.Any(isOne))
            {
                all.UnionWith(Enumerable.Range(from, to - from + 1));
            }
        }

        return all;

        static bool Digit(int c) => c is >= '0' and <= '9';
        static bool Lower(int c) => c is >= 'a' and <= 'z';
        static bool Upper(int c) => c is >= 'A' and <= 'Z';
    }
}
