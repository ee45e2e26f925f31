using System.Text;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>
/// The path syntax of LabS3 drives, as text alone: nothing here asks a service. A path is a bucket and a key's parts between
/// slashes, all of it behind <c>@</c>: PowerShell takes what begins with a drive's root for a provider path, and a folder
/// <c>movies</c> in the bucket <c>movies</c> must not. A backslash separates as well. Of what no path can say - a part that is empty, <c>.</c> or <c>..</c>, or holds a
/// backslash - a part has a spelling with <see cref="Escape"/>, so that each key has a path and no two share one.
/// </summary>
/// <param name="separator">The separator that PowerShell prefers here: a backslash on Windows, a slash elsewhere.</param>
internal sealed class DrivePath(char separator)
{
    /// <summary>Begins a spelling: twice for itself, before 0 for an empty part, before the two hexadecimal digits of another character, last in a name for an object beside a folder.</summary>
    public const char Escape = '\u241b';

    private const string EscapeTwice = "\u241b\u241b", Empty = "\u241b0", Dot = "\u241b2E", Backslash = "\u241b5C", Colon = "\u241b3A", At = "\u241b40";

    private const string Top = "@";

    /// <summary>The syntax of this system.</summary>
    public static DrivePath Here { get; } = new(OperatingSystem.IsWindows() ? '\\' : '/');

    /// <summary>Spells a part of a key.</summary>
    /// <param name="part">What stands between two slashes.</param>
    /// <returns>A name that a path can hold; the part itself but for the few that need more.</returns>
    public static string Spell(string part) => part switch
    {
        "" => Empty,
        "." => Dot,
        ".." => Dot + ".",
        Top => At,
        _ when part.AsSpan().IndexOfAny(Escape, '\\') < 0 => part,
        _ => part.Replace(Escape.ToString(), EscapeTwice, StringComparison.Ordinal).Replace("\\", Backslash, StringComparison.Ordinal),
    };

    /// <summary>The name of an object beside a folder of the same name, which the plain name would mean.</summary>
    /// <param name="name">The spelled name.</param>
    /// <returns>Another name, for the object only.</returns>
    public static string SpellObject(string name) => name + Escape;

    /// <summary>Another spelling of a path that PowerShell would take for one with a drive: the key <c>s3:x</c> on the drive <c>s3</c>.</summary>
    /// <param name="path">A path below the root of the drive.</param>
    /// <param name="drive">Name of the drive.</param>
    /// <returns>The path, which names the same.</returns>
    public static string SpellBelow(string path, string drive) =>
        path.Length > drive.Length && path[drive.Length] == ':' && path.StartsWith(drive, StringComparison.OrdinalIgnoreCase)
            ? path[..drive.Length] + Colon + path[(drive.Length + 1)..]
            : path;

    /// <summary>Reads what a path names.</summary>
    /// <param name="path">A provider path: <c>@/movies/data/users.json</c>, <c>@/@drive/movies</c>.</param>
    /// <returns>The location. Throws <see cref="LabException"/> (InvalidPath).</returns>
    public static DriveLocation Parse(string path)
    {
        string text = path.Replace('\\', '/').TrimStart('/');
        text = text == Top ? "" : text.StartsWith(Top + "/", StringComparison.Ordinal) ? text[2..].TrimStart('/') : text;
        string? session = null;
        if (text.StartsWith('@'))
        {
            int end = text.IndexOf('/');
            session = end < 0 ? text[1..] : text[1..end];
            text = end < 0 ? "" : text[end..].TrimStart('/');
        }

        bool? isFolder = text.EndsWith('/') ? true : null;
        string[] parts = (isFolder is true ? text[..^1] : text).Split('/');
        if (parts.Length == 1)
        {
            return new DriveLocation(session, parts[0], null, null);
        }

        if (isFolder is null && SaysObject(parts[^1]))
        {
            isFolder = false;
            parts[^1] = parts[^1][..^1];
        }

        return new DriveLocation(session, parts[0], string.Join('/', parts.Skip(1).Select(part => Read(part, path))), isFolder);
    }

    /// <summary>The root of a drive from what a person gave for it.</summary>
    /// <param name="root">A bucket with or without prefix, as a path or as an <c>s3://</c> address, which is taken literally; empty, or a slash, for all buckets.</param>
    /// <param name="session">Name of the drive's own session, or null.</param>
    /// <returns>A provider path without slash at the end. Throws <see cref="LabException"/> (InvalidPath).</returns>
    public string Root(string root, string? session)
    {
        const string Scheme = "s3://";
        if (!root.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            DriveLocation given = Parse(root);
            return Of(session, given.Bucket, given.Key);
        }

        string rest = root[Scheme.Length..];
        int slash = rest.IndexOf('/');
        string? prefix = slash < 0 || slash == rest.Length - 1 ? null : rest[(slash + 1)..];
        return Of(session, slash < 0 ? rest : rest[..slash], prefix?.EndsWith('/') == true ? prefix[..^1] : prefix);
    }

    /// <summary>The path of an object or a prefix.</summary>
    /// <param name="session">Name of the drive's own session, or null.</param>
    /// <param name="bucket">Bucket; empty for the service.</param>
    /// <param name="key">Key, or prefix without its last slash; null for the bucket.</param>
    /// <returns>A provider path.</returns>
    public string Of(string? session, string bucket, string? key)
    {
        string path = session is null ? Top : Top + separator + "@" + session;
        path = bucket.Length == 0 ? path : path + separator + bucket;
        return key is null ? path : path + separator + Of(key);
    }

    /// <summary>The path of a key below its bucket, or below a prefix.</summary>
    /// <param name="key">A key, or the rest of one.</param>
    /// <returns>Its parts, spelled.</returns>
    public string Of(string key) => string.Join(separator, key.Split('/').Select(Spell));

    /// <summary>Joins two pieces of a path, as PowerShell does for whatever a person types behind a location.</summary>
    /// <param name="parent">The first piece.</param>
    /// <param name="child">The second; a slash twice in it is an empty part of a key.</param>
    /// <returns>The path; a slash at its end is kept.</returns>
    public string Join(string parent, string child)
    {
        parent = parent.Replace('\\', '/').Replace('/', separator);
        child = Unify(child, keepsFirst: parent.Length > 0);
        if (parent.Length == 0)
        {
            return child;
        }

        if (child.StartsWith(separator))
        {
            child = child[1..];
        }

        return parent.EndsWith(separator) ? parent + child : parent + separator + child;
    }

    /// <summary>What a path is in.</summary>
    /// <param name="path">A path.</param>
    /// <param name="root">The path that has no parent, or null.</param>
    /// <returns>The path without its last part; empty where there is none, or for the root.</returns>
    public string Parent(string path, string? root)
    {
        string text = WithoutEnd(Unify(path, keepsFirst: true));
        int last = text.LastIndexOf(separator);
        return last < 0 || (!string.IsNullOrEmpty(root) && text == WithoutEnd(Unify(root, keepsFirst: true))) ? ""
            : last == 0 ? text[..1]
            : text[..last];
    }

    /// <summary>The last part of a path.</summary>
    /// <param name="path">A path.</param>
    /// <returns>The name, as spelled.</returns>
    public string Name(string path)
    {
        string text = WithoutEnd(Unify(path, keepsFirst: true));
        return text[(text.LastIndexOf(separator) + 1)..];
    }

    // Two of them are the character itself.
    private static bool SaysObject(string part) => (part.Length - part.AsSpan().TrimEnd(Escape).Length) % 2 == 1;

    private static string Read(string part, string path)
    {
        if (part is "." or "..")
        {
            throw Invalid(path, $"'{part}' in the middle of it is not part of a key");
        }

        StringBuilder text = new(part.Length);
        for (int i = 0; i < part.Length; i++)
        {
            if (part[i] != Escape)
            {
                text.Append(part[i]);
                continue;
            }

            ReadOnlySpan<char> rest = part.AsSpan(i + 1);
            if (rest.StartsWith([Escape]))
            {
                text.Append(Escape);
                i++;
            }
            else if (rest.StartsWith("0"))
            {
                i++;
            }
            else if (rest.StartsWith("2E") || rest.StartsWith("5C") || rest.StartsWith("3A") || rest.StartsWith("40"))
            {
                text.Append((char)Convert.ToByte(part.Substring(i + 1, 2), 16));
                i += 2;
            }
        }

        // What reads as a part must be the spelling of that part: no path names two keys, or a key by accident.
        string read = text.ToString();
        return part.Length == 0 || Spell(read) == part.Replace(Colon, ":", StringComparison.Ordinal) ? read : throw Invalid(path, $"'{part}' is not how the drive spells a name");
    }

    private static LabException Invalid(string path, string why) =>
        new(LabErrorKind.InvalidData, "InvalidPath", $"'{path}' is not a path of a LabS3 drive: {why}.")
        {
            Target = path,
            Advice = "Take the path from Get-ChildItem, or use cmdlets such as Get-LabObject and Remove-LabObject, which accept any -Key. See about_LabS3.",
        };

    // One kind of separator, and empty parts spelled. The first part may be empty: a slash there means the root of the drive.
    private string Unify(string path, bool keepsFirst)
    {
        string text = path.Replace('\\', '/');
        if (text.Length < 2 || (text[0] != '/' && !text.Contains("//", StringComparison.Ordinal)))
        {
            return text.Replace('/', separator);
        }

        string[] parts = text.Split('/');
        for (int i = keepsFirst ? 1 : 0; i < parts.Length - 1; i++)
        {
            if (parts[i].Length == 0)
            {
                parts[i] = Empty;
            }
        }

        return string.Join(separator, parts);
    }

    private string WithoutEnd(string path) => path.Length > 0 && path[^1] == separator ? path[..^1] : path;
}
