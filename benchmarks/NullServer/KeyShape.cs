using System.Globalization;

namespace CloudLab.NullServer;

/// <summary>How the keys of a bucket look: buckets with a name such as <c>hex-1000000</c> come with that many of them.</summary>
internal static class KeyShape
{
    // That many keys of "deep" share 900 characters.
    private const int Deep = 1000;

    private static readonly DateTime FirstDay = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Scripts = ["日本", "données", "отчёт", "数据", "😀", "\ue000", "\uffee", "ascii"];
    private static readonly string Shared = string.Concat(Enumerable.Range(0, 90).Select(level => $"level-{level:d3}/"));

    /// <summary>The shape that a name begins with.</summary>
    /// <param name="name">keys, hex, dates, skewed, numbers, unicode or deep.</param>
    /// <returns>What makes the key of a number, of that many; null where there is no such shape.</returns>
    public static Func<int, int, string>? Of(string name) => name switch
    {
        "keys" => static (i, _) => $"data/part-{i / 1000:d5}/{i:d9}.bin",
        "hex" => static (i, _) => $"{Mixed(i):x16}",

        // Some days have a hundred times as much as others.
        "dates" => static (i, _) => $"logs/{FirstDay.AddDays(Mixed(i) % 31 == 0 ? 400 : i % 700):yyyy/MM/dd}/{Mixed(i) % 24:d2}/{i:d8}.json.gz",
        "skewed" => static (i, _) => i % 10 == 0 ? $"{(char)('a' + (Mixed(i) % 26))}/{i:d7}" : $"images/thumbnails/large/{Mixed(i):x16}.jpg",
        "numbers" => static (i, _) => i.ToString(CultureInfo.InvariantCulture),
        "unicode" => static (i, _) => $"{Scripts[Mixed(i) % (ulong)Scripts.Length]}/{(char)(0x4e00 + (Mixed(i * 7) % 5000))}{(i % 3 == 0 ? "😀" : "é")}{i}",
        "deep" => static (i, count) => i < Math.Min(Deep, count) ? $"{Shared}{i:d4}" : $"other/{i:d8}",
        _ => null,
    };

    // Looks like chance and is the same each time.
    private static ulong Mixed(int value)
    {
        ulong x = (ulong)value + 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }
}
