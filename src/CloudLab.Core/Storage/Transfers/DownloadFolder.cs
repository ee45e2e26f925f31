using System.Collections.Concurrent;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// Where the objects of one download go below a folder. A key is somebody else's text: no key leads outside the
/// folder, through a link, onto a device, or onto a file that another key of the same download has claimed.
/// </summary>
public sealed class DownloadFolder
{
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. "123456789¹²³".SelectMany(n => new[] { "COM" + n, "LPT" + n })],
        StringComparer.OrdinalIgnoreCase);

    private readonly bool windows;
    private readonly Lazy<bool> ignoresCase;
    private readonly Lazy<ConcurrentDictionary<string, string>> claimed;

    /// <summary>Takes a folder as destination; it need not exist yet.</summary>
    /// <param name="folder">Full path.</param>
    public DownloadFolder(string folder)
        : this(folder, OperatingSystem.IsWindows())
    {
    }

    /// <summary>The same for the rules of another system.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="windows">Whether the names must suit Windows.</param>
    /// <param name="ignoreCase">Whether the disk takes names that differ only in case for the same; null to find out.</param>
    internal DownloadFolder(string folder, bool windows, bool? ignoreCase = null)
    {
        Folder = Path.TrimEndingDirectorySeparator(folder);
        this.windows = windows;
        ignoresCase = new(() => ignoreCase ?? DiskIgnoresCase(Folder));
        claimed = new(() => new(IgnoresCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal));
    }

    /// <summary>Full path of the destination.</summary>
    public string Folder { get; }

    /// <summary>
    /// True where no two keys have the same name, as in one listing. Nothing is remembered of each then, unless the disk takes
    /// different names for the same.
    /// </summary>
    public bool HasDistinctNames { get; init; }

    /// <summary>Whether its disk takes names that differ only in case for the same.</summary>
    internal bool IgnoresCase => ignoresCase.Value;

    /// <summary>Finds the file of an object and keeps it for that object.</summary>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="name">The part of the key that names the file, relative to the folder.</param>
    /// <returns>
    /// Full path; it ends in a separator where the key ends in a slash and so stands for a folder. Throws
    /// <see cref="LabException"/>: UnsafeKey, LinkInTheWay, KeysCollide.
    /// </returns>
    public string Claim(string bucket, string key, string name)
    {
        string path = Resolve(bucket, key, name);
        RefuseLinks(bucket, key, path);
        if (HasDistinctNames && !IgnoresCase)
        {
            return path;
        }

        string uri = ObjectName.Uri(bucket, key);
        string owner = claimed.Value.GetOrAdd(path, uri);
        if (owner != uri)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "KeysCollide", bucket, key,
                $"it would be saved as '{path}', which already holds {owner}"
                + (string.Equals(owner, uri, StringComparison.OrdinalIgnoreCase) ? ": this file system does not distinguish the two names." : "."),
                "Download it into another folder, or name the file with -OutFile.");
        }

        return path;
    }

    /// <summary>Whether a key has claimed a file, under this name or one that the disk takes for the same.</summary>
    /// <param name="path">Full path.</param>
    /// <returns>Always false where nothing is remembered.</returns>
    internal bool IsClaimed(string path) => claimed.IsValueCreated && claimed.Value.ContainsKey(path);

    /// <summary>Looks for a link among the folders between the destination and a file in it.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <returns>Full path of the link, or null.</returns>
    internal string? LinkAbove(string path)
    {
        for (string? parent = Path.GetDirectoryName(path); parent is not null && parent.Length > Folder.Length; parent = Path.GetDirectoryName(parent))
        {
            // Attributes of the link itself; of one that leads nowhere, too.
            FileInfo info = new(parent);
            if (info.Attributes is var attributes && (int)attributes != -1 && (attributes & FileAttributes.ReparsePoint) != 0)
            {
                return parent;
            }
        }

        return null;
    }

    private void RefuseLinks(string bucket, string key, string path)
    {
        if (LinkAbove(path) is { } link)
        {
            throw StorageClient.Problem(
                LabErrorKind.WriteFailed, "LinkInTheWay", bucket, key,
                $"'{link}' is a link and may lead outside the destination.", "Remove the link, or choose another destination.");
        }
    }

    private static bool DiskIgnoresCase(string folder)
    {
        // The nearest folder that exists already, asked for by a name in the other case.
        for (string? at = Path.TrimEndingDirectorySeparator(folder); at is not null; at = Path.GetDirectoryName(at))
        {
            string leaf = Path.GetFileName(at);
            string other = leaf.Any(char.IsLower) ? leaf.ToUpperInvariant() : leaf.ToLowerInvariant();
            if (other != leaf && Directory.Exists(at))
            {
                return Directory.Exists(Path.Combine(Path.GetDirectoryName(at)!, other));
            }
        }

        return OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();
    }

    private string Resolve(string bucket, string key, string name)
    {
        bool isFolder = name.EndsWith('/');
        string file = isFolder ? name[..^1] : name;
        foreach (string segment in file.Split('/'))
        {
            string? fault =
                segment.Length == 0 ? "it has an empty part between slashes"
                : segment is "." or ".." ? $"a part of it is '{segment}'"
                : segment.Contains('\0', StringComparison.Ordinal) ? "it contains a NUL character"
                : windows ? WindowsFault(segment)
                : null;
            if (fault is not null)
            {
                throw StorageClient.Problem(
                    LabErrorKind.InvalidData, "UnsafeKey", bucket, key, $"the key cannot be used as a path below the destination: {fault}.",
                    "Name the file with -OutFile, or read the object with Get-LabObjectContent.");
            }
        }

        string path = Path.GetFullPath(Path.Combine(Folder, windows ? file.Replace('/', '\\') : file)) + (isFolder ? Path.DirectorySeparatorChar : "");

        // The last word, should the rules above have a gap.
        return path.StartsWith(Path.EndsInDirectorySeparator(Folder) ? Folder : Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            || (windows && !OperatingSystem.IsWindows())
            ? path
            : throw StorageClient.Problem(
                LabErrorKind.InvalidData, "UnsafeKey", bucket, key, "the key leads outside the destination.");
    }

    private static string? WindowsFault(string segment)
    {
        char bad = segment.FirstOrDefault(c => c < ' ' || "<>:\"|?*\\".Contains(c, StringComparison.Ordinal));
        return bad != default ? $"Windows does not allow {(bad < ' ' ? $"character {(int)bad}" : $"'{bad}'")} in a file name"
            : segment[^1] is '.' or ' ' ? "Windows drops a dot or space at the end of a file name"
            : Devices.Contains(segment.Split('.')[0].TrimEnd()) ? $"'{segment}' is a device on Windows"
            : null;
    }
}
