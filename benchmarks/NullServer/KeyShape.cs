using System.Globalization;

namespace CloudLab.NullServer;

/// <summary>How the keys of a bucket look: buckets with a name such as <c>hex-1000000</c> come with that many of them.</summary>
internal static class KeyShape
{
    // That many keys of "deep" share 900 characters.
    private const int Deep = 1000;

    private const string Digits62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly DateTime FirstDay = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Scripts = ["日本", "données", "отчёт", "数据", "😀", "\ue000", "\uffee", "ascii"];
    private static readonly string[] Names = ["Angebote", "budget", "Budget", "contracts", "Fotos 2023", "holiday", "IMG", "invoice", "letters", "Protokoll", "README", "zz-old"];
    private static readonly string Shared = string.Concat(Enumerable.Range(0, 90).Select(level => $"level-{level:d3}/"));

    /// <summary>The shapes by their names; each makes the key of a number, of that many.</summary>
    public static IReadOnlyDictionary<string, Func<int, int, string>> All { get; } = new Dictionary<string, Func<int, int, string>>
    {
        ["keys"] = static (i, _) => $"data/part-{i / 1000:d5}/{i:d9}.bin",
        ["hex"] = static (i, _) => $"{Mixed(i):x16}",

        // Some days have a hundred times as much as others.
        ["dates"] = static (i, _) => $"logs/{FirstDay.AddDays(Mixed(i) % 31 == 0 ? 400 : i % 700):yyyy/MM/dd}/{Mixed(i) % 24:d2}/{i:d8}.json.gz",
        ["skewed"] = static (i, _) => i % 10 == 0 ? $"{(char)('a' + (Mixed(i) % 26))}/{i:d7}" : $"images/thumbnails/large/{Mixed(i):x16}.jpg",
        ["numbers"] = static (i, _) => i.ToString(CultureInfo.InvariantCulture),
        ["unicode"] = static (i, _) => $"{Scripts[Mixed(i) % (ulong)Scripts.Length]}/{(char)(0x4e00 + (Mixed(i * 7) % 5000))}{(i % 3 == 0 ? "😀" : "é")}{i}",
        ["deep"] = static (i, count) => i < Math.Min(Deep, count) ? $"{Shared}{i:d4}" : $"other/{i:d8}",

        // Partitions of a table, each with a few files.
        ["hive"] = static (i, _) => $"warehouse/{(i % 4 == 0 ? "clicks" : "orders")}/{FirstDay.AddDays(Mixed(i) % 900):'year='yyyy'/month='MM'/day='dd}/part-{i % 200:d5}-{Uuid(i)}.c000.snappy.parquet",
        ["uuid"] = static (i, _) => Uuid(i),
        ["padded"] = static (i, _) => $"{i:d12}",

        // Milliseconds since 1970: a year of them, more by day than by night.
        ["epochs"] = static (i, count) => $"events/{1_700_000_000_000 + (31_536_000_000L / count * i) + (long)(Mixed(i) % 1000)}-{i}.json",
        ["cased"] = static (i, _) => Digits(Mixed(i), 11),
        ["encoded"] = static (i, _) => $"uploads/{Uri.EscapeDataString(Word(i, 'а', 32, 3))}%20{i}.pdf",
        ["cyrillic"] = static (i, _) => $"архив/{Word(i, 'а', 32, 5)}-{i}.txt",

        // A few characters are much more frequent than others, as in any text.
        ["ideographs"] = static (i, _) => $"{Frequent(i)}{Frequent(i + 1_000_000)}{Frequent(i + 2_000_000)}{i}.txt",
        ["emoji"] = static (i, _) => $"{char.ConvertFromUtf32(0x1f300 + (int)(Mixed(i) % 700))}{char.ConvertFromUtf32(0x1f300 + (int)(Mixed(i + 1) % 700))}/{i}",

        // Three that have nearly everything, among two thousand.
        ["tenants"] = static (i, _) => (i % 10) switch
        {
            < 4 => $"tenant-0412/{Uuid(i)}",
            < 7 => $"tenant-1377/{FirstDay.AddMinutes(i):yyyy-MM-dd'T'HH-mm}-{i}.csv",
            < 9 => $"tenant-1378/{i}",
            _ => $"tenant-{Mixed(i) % 2000:d4}/{i:d8}",
        },
        ["single"] = static (i, _) => i % 100 == 0 ? $"{Names[Mixed(i) % (ulong)Names.Length]}/{i}" : $"backup/daily/full/{i / 5000:d4}/{Mixed(i):x16}.chunk",

        // Empty objects that stand for folders, and files in some of them.
        ["folders"] = static (i, _) => i % 2 == 0 ? $"home/user-{i / 40:d5}/{Names[i / 2 % Names.Length]}/{i}/" : $"home/user-{i / 40:d5}/{Names[i / 2 % Names.Length]}/{i - 1}/{Uuid(i)}",
        ["names"] = static (i, _) => $"{Names[Mixed(i) % (ulong)Names.Length]}/{Names[Mixed(i + 7) % (ulong)Names.Length]} {(i % 3 == 0 ? "v" : "Copy of ")}{Mixed(i) % 1000}/{Names[i % Names.Length]}_{i}.JPG",

        // As git keeps its objects.
        ["fanout"] = static (i, _) => $"objects/{Mixed(i) >> 56:x2}/{Mixed(i) & 0xff_ffff_ffff_ffff:x14}",
    };

    // Looks like chance and is the same each time.
    private static ulong Mixed(int value)
    {
        ulong x = (ulong)value + 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    private static string Uuid(int i)
    {
        string hex = $"{Mixed(i):x16}{Mixed(i ^ 0x5555_5555):x16}";
        return $"{hex[..8]}-{hex[8..12]}-4{hex[13..16]}-a{hex[17..20]}-{hex[20..]}";
    }

    private static string Digits(ulong value, int length) => string.Create(length, value, static (text, value) =>
    {
        for (int i = 0; i < text.Length; i++, value /= 62)
        {
            text[i] = Digits62[(int)(value % 62)];
        }
    });

    private static string Word(int i, char first, int letters, int length) => string.Create(length, (Mixed(i), first, letters), static (text, from) =>
    {
        ulong rest = from.Item1;
        for (int i = 0; i < text.Length; i++, rest /= (ulong)from.letters)
        {
            text[i] = (char)(from.first + (rest % (ulong)from.letters));
        }
    });

    // Each quarter of the 6,000 has half of what the one before has.
    private static char Frequent(int i)
    {
        double chance = Mixed(i) / (double)ulong.MaxValue;
        return (char)(0x4e00 + (chance * chance * chance * 6000));
    }
}
