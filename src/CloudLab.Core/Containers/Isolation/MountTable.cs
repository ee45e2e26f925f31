using System.Globalization;
using System.Text;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>A mount, as /proc has it.</summary>
/// <param name="Id">The kernel's number of it.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Type">Type of the file system: <c>overlay</c>.</param>
/// <param name="Source">What is mounted.</param>
/// <param name="ReadOnly">Whether nothing can be written there.</param>
/// <param name="Options">Options of the file system, in their order.</param>
internal sealed record MountEntry(int Id, string Path, string Type, string Source, bool ReadOnly, IReadOnlyList<KeyValuePair<string, string>> Options)
{
    /// <summary>The read-only layers of an overlay, the topmost first; none for another file system.</summary>
    public IReadOnlyList<string> Lower =>
        [.. Options.Where(option => option.Key is "lowerdir" or "lowerdir+").SelectMany(option => option.Key == "lowerdir" ? MountTable.Paths(option.Value) : [option.Value])];

    /// <summary>Its writable layer, or null.</summary>
    public string? Upper => Folder("upperdir");

    /// <summary>Its work folder, or null.</summary>
    public string? Work => Folder("workdir");

    private string? Folder(string key) => Options.LastOrDefault(option => option.Key == key).Value is { } text ? MountTable.Unescaped(text) : null;
}

/// <summary>Reads <c>/proc/…/mountinfo</c>.</summary>
internal static class MountTable
{
    /// <summary>Reads a table.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Mounts; one that covers another comes after it.</returns>
    public static IEnumerable<MountEntry> Read(string file) => File.ReadLines(file).Select(Parse).OfType<MountEntry>();

    /// <summary>Finds the mount that a path is in.</summary>
    /// <param name="file">The table.</param>
    /// <param name="path">A full path.</param>
    /// <returns>The mount, or null.</returns>
    public static MountEntry? Of(string file, string path) => Read(file)
        .Where(mount => mount.Path == "/" || path == mount.Path || path.StartsWith(mount.Path + "/", StringComparison.Ordinal))
        .Aggregate((MountEntry?)null, (best, next) => best is null || next.Path.Length >= best.Path.Length ? next : best);

    /// <summary>Divides a list of layers at its colons.</summary>
    /// <param name="text">The list; a colon in a name is written <c>\:</c>, and two begin layers that only hold data.</param>
    /// <returns>Paths.</returns>
    public static IEnumerable<string> Paths(string text) => Parts(text, ':').Where(path => path.Length > 0);

    /// <summary>A path as it was before it was escaped for an option.</summary>
    /// <param name="text">The option's value.</param>
    /// <returns>The path.</returns>
    public static string Unescaped(string text) => Parts(text, null).Single();

    private static List<string> Parts(string text, char? separator)
    {
        List<StringBuilder> parts = [new()];
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == separator)
            {
                parts.Add(new());
            }
            else
            {
                parts[^1].Append(text[at] == '\\' && at + 1 < text.Length ? text[++at] : text[at]);
            }
        }

        return [.. parts.Select(part => part.ToString())];
    }

    // 36 35 98:0 /root /path rw,noatime shared:1 - type source options
    private static MountEntry? Parse(string line)
    {
        string[] halves = line.Split(" - ", 2);
        string[] first = halves[0].Split(' '), second = halves.Length == 2 ? halves[1].Split(' ') : [];
        if (first.Length < 6 || second.Length < 3 || !int.TryParse(first[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id))
        {
            return null;
        }

        // What a value holds of commas, blanks and backslashes is in octal here.
        KeyValuePair<string, string>[] options =
        [
            .. second[2].Split(',').Select(option => option.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], pair.Length == 2 ? Plain(pair[1]) : "")),
        ];
        return new MountEntry(
            id, Plain(first[4]), second[0], Plain(second[1]), first[5].Split(',').Contains("ro") || options.Any(option => option.Key == "ro"), options);
    }

    private static string Plain(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        // The bytes of UTF-8 may come in octal one by one.
        List<byte> bytes = [];
        byte[] all = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < all.Length; at++)
        {
            if (all[at] == '\\' && at + 3 < all.Length && all[(at + 1)..(at + 4)].All(digit => digit is >= (byte)'0' and <= (byte)'7'))
            {
                bytes.Add((byte)(((all[at + 1] - '0') << 6) | ((all[at + 2] - '0') << 3) | (all[at + 3] - '0')));
                at += 3;
            }
            else
            {
                bytes.Add(all[at]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
