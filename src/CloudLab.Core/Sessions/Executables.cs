namespace CloudLab.Core.Sessions;

/// <summary>Finds programs on the PATH of an environment.</summary>
internal static class Executables
{
    /// <summary>Finds a program.</summary>
    /// <param name="name">Its name without an extension.</param>
    /// <param name="environment">Gives PATH.</param>
    /// <returns>Its path, or null.</returns>
    public static string? Find(string name, LabEnvironment environment) =>
        In((environment.Get("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), name);

    /// <summary>Finds a program in some folders.</summary>
    /// <param name="folders">The folders, in order.</param>
    /// <param name="name">Its name without an extension.</param>
    /// <returns>Its path, or null.</returns>
    public static string? In(IEnumerable<string> folders, string name)
    {
        string file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
