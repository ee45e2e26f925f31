using System.Globalization;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>What <c>/proc</c> says of processes.</summary>
/// <param name="root">The folder: <c>/proc</c>.</param>
internal sealed class ProcessFiles(string root = "/proc")
{
    /// <summary>The namespaces that each process has, by the kernel's names.</summary>
    public static readonly IReadOnlyList<string> NamespaceTypes = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    // Of the first namespaces, which the kernel makes itself (linux/nsfs.h); those of mounts and networks have others in older kernels.
    private static readonly Dictionary<string, long> FirstNamespaces = new()
    {
        ["ipc"] = 0xEFFFFFFF, ["uts"] = 0xEFFFFFFE, ["user"] = 0xEFFFFFFD, ["pid"] = 0xEFFFFFFC, ["cgroup"] = 0xEFFFFFFB, ["time"] = 0xEFFFFFFA,
    };

    private readonly Lazy<Dictionary<string, string>> users = new(ReadUsers);

    /// <summary>The processes there are.</summary>
    public IEnumerable<int> All => Directory.EnumerateDirectories(root)
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0).Where(id => id > 0);

    /// <summary>The path of a file of a process.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="name">The file's name.</param>
    /// <returns>The path.</returns>
    public string PathOf(int process, string name) => Path.Combine(root, process.ToString(CultureInfo.InvariantCulture), name);

    /// <summary>Whether a process is there.</summary>
    /// <param name="process">Its id.</param>
    /// <returns>True where it is.</returns>
    public bool Exists(int process) => Directory.Exists(PathOf(process, ""));

    /// <summary>Reads a file of a process.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="name">The file's name.</param>
    /// <returns>Its lines; none where it may not be read, or the process has ended.</returns>
    public IReadOnlyList<string> Lines(int process, string name)
    {
        try
        {
            return File.ReadAllLines(PathOf(process, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Where a link of a process points to.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="name">The link's name: <c>ns/net</c>.</param>
    /// <returns>Its target, or null where it may not be read, or the process has ended.</returns>
    public string? Link(int process, string name)
    {
        try
        {
            return new FileInfo(PathOf(process, name)).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The number of a namespace of a process.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="type">Type of the namespace: <c>net</c>.</param>
    /// <returns>The number, which is the inode; null where it may not be read, or the kernel has no such namespaces.</returns>
    public long? Namespace(int process, string type) => Link(process, "ns/" + type) is { } target && target.Split('[', ']') is [_, string number, ..]
        && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long inode) ? inode : null;

    /// <summary>The number of the host's namespace: of process 1, or where that may not be looked at, of the kernel's own threads.</summary>
    /// <param name="type">Type of the namespace.</param>
    /// <returns>The number; null where it cannot be known.</returns>
    public long? HostNamespace(string type)
    {
        const int First = 1, KernelThreads = 2;
        return Namespace(First, type) ?? (NameOf(KernelThreads) != "kthreadd" ? null
            : Namespace(KernelThreads, type) ?? (FirstNamespaces.TryGetValue(type, out long inode) ? inode : null));
    }

    /// <summary>The program's name, as the kernel has it.</summary>
    /// <param name="process">The process.</param>
    /// <returns>The name; empty where the process has ended.</returns>
    public string NameOf(int process) => Lines(process, "comm").FirstOrDefault() ?? "";

    /// <summary>A line of the status of a process.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="key">What is asked for: <c>CapEff</c>.</param>
    /// <returns>The value, or null.</returns>
    public string? Status(int process, string key) =>
        Lines(process, "status").FirstOrDefault(line => line.StartsWith(key + ":", StringComparison.Ordinal))?[(key.Length + 1)..].Trim();

    /// <summary>The user that a process acts as.</summary>
    /// <param name="process">Its id.</param>
    /// <returns>The user's name, or the number where it has none; empty where the process has ended.</returns>
    public string UserOf(int process)
    {
        string id = UserIdOf(process);
        return users.Value.GetValueOrDefault(id, id);
    }

    /// <summary>The number of the user that a process acts as.</summary>
    /// <param name="process">Its id.</param>
    /// <returns>The number; empty where the process has ended.</returns>
    public string UserIdOf(int process) => Status(process, "Uid")?.Split('\t') is [_, string effective, ..] ? effective : "";

    /// <summary>The processes that use a folder: as current folder or root, or with an open file in it.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns><c>'bash' (812)</c>.</returns>
    public IReadOnlyList<string> Users(string folder)
    {
        bool Within(string? target) => target is not null && (target == folder || target.StartsWith(folder + "/", StringComparison.Ordinal));
        bool Uses(int process)
        {
            try
            {
                return Within(Link(process, "cwd")) || Within(Link(process, "root")) || Within(Link(process, "exe"))
                    || Directory.EnumerateFileSystemEntries(PathOf(process, "fd")).Any(file => Within(new FileInfo(file).LinkTarget));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's, or it has ended meanwhile.
                return false;
            }
        }

        return [.. All.Where(Uses).Select(process => $"'{NameOf(process)}' ({process})")];
    }

    // Names by number; of two names the first counts.
    private static Dictionary<string, string> ReadUsers()
    {
        const string File = "/etc/passwd";
        Dictionary<string, string> names = [];
        foreach (string[] fields in System.IO.File.Exists(File) ? System.IO.File.ReadLines(File).Select(line => line.Split(':')).Where(fields => fields.Length > 2) : [])
        {
            names.TryAdd(fields[2], fields[0]);
        }

        return names;
    }
}
