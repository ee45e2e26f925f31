using System.Globalization;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Finds the process of this machine that listens on a port.</summary>
internal static class PortHolder
{
    private const string Listening = "0A";

    /// <summary>Finds it, where the system lets one look: Linux, and a process of the same user or any as root.</summary>
    /// <param name="port">A TCP port.</param>
    /// <returns><c>'nginx' (812)</c>, or null.</returns>
    public static string? Find(int port)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        HashSet<string> sockets = [.. new[] { "/proc/net/tcp", "/proc/net/tcp6" }.Where(File.Exists).SelectMany(File.ReadLines).Skip(1).Select(line => Socket(line, port)).OfType<string>()];
        if (sockets.Count == 0)
        {
            return null;
        }

        foreach (string process in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                if (Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(fd => new FileInfo(fd).LinkTarget is { } target && sockets.Contains(target)))
                {
                    return $"'{File.ReadAllText(Path.Combine(process, "comm")).Trim()}' ({Path.GetFileName(process)})";
                }
            }
            catch (Exception e) when (e is UnauthorizedAccessException or IOException)
            {
                // Another user's, or it has ended meanwhile.
            }
        }

        return null;
    }

    private static string? Socket(string line, int port)
    {
        string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 9 && fields[3] == Listening
            && fields[1].EndsWith(":" + port.ToString("X4", CultureInfo.InvariantCulture), StringComparison.Ordinal) ? $"socket:[{fields[9]}]" : null;
    }
}
