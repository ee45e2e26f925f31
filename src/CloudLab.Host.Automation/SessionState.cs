using System.Collections.ObjectModel;

namespace System.Management.Automation;

public sealed class SessionState(string location)
{
    public PathIntrinsics Path { get; } = new(location);

    public PSVariableIntrinsics PSVariable { get; } = new();
}

public class PSVariable(string name, object? value)
{
    public string Name { get; } = name;

    public virtual object? Value { get; set; } = value;
}

/// <summary>There are no variables outside PowerShell: everything reads as unset.</summary>
public sealed class PSVariableIntrinsics
{
    public object? GetValue(string name) => null;

    public object? GetValue(string name, object? defaultValue) => defaultValue;
}

/// <summary>The file system only: there are no other providers here.</summary>
public sealed class PathIntrinsics(string location)
{
    public PathInfo CurrentLocation => CurrentFileSystemLocation;

    public PathInfo CurrentFileSystemLocation { get; } = new(location);

    public string GetUnresolvedProviderPathFromPSPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        const string Qualifier = "FileSystem::";
        int qualified = path.IndexOf(Qualifier, StringComparison.OrdinalIgnoreCase);
        if (qualified >= 0)
        {
            path = path[(qualified + Qualifier.Length)..];
        }

        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith("~\\", StringComparison.Ordinal))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            path = path.Length > 2 ? IO.Path.Combine(home, path[2..]) : home;
        }

        string full = IO.Path.GetFullPath(
            OperatingSystem.IsWindows() ? path : path.Replace('\\', '/'), CurrentFileSystemLocation.Path);
        return full.Length > 1 && !full.EndsWith(":\\", StringComparison.Ordinal) ? IO.Path.TrimEndingDirectorySeparator(full) : full;
    }

    public string GetUnresolvedProviderPathFromPSPath(string path, out ProviderInfo provider, out PSDriveInfo drive)
    {
        provider = ProviderInfo.FileSystem;
        drive = PSDriveInfo.Root;
        return GetUnresolvedProviderPathFromPSPath(path);
    }

    public Collection<string> GetResolvedProviderPathFromPSPath(string path, out ProviderInfo provider)
    {
        provider = ProviderInfo.FileSystem;
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            string full = GetUnresolvedProviderPathFromPSPath(WildcardPattern.Unescape(path));
            return IO.Path.Exists(full)
                ? [full]
                : throw new ItemNotFoundException($"Cannot find path '{full}' because it does not exist.");
        }

        // Each part of the path that has wildcards is matched against the folder's own entries, as PowerShell does it.
        string rooted = GetUnresolvedProviderPathFromPSPath(path);
        string root = IO.Path.GetPathRoot(rooted)!;
        IEnumerable<string> found = [root];
        foreach (string part in rooted[root.Length..].Split(
            [IO.Path.DirectorySeparatorChar, IO.Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries))
        {
            found = WildcardPattern.ContainsWildcardCharacters(part)
                ? [.. found.Where(Directory.Exists).SelectMany(folder => Matching(folder, part))]
                : [.. found.Select(folder => IO.Path.Combine(folder, WildcardPattern.Unescape(part))).Where(IO.Path.Exists)];
        }

        return [.. found];
    }

    public bool IsValid(string path) => path.Length > 0 && !path.Contains('\0');

    public bool IsProviderQualified(string path) => path.Contains("::", StringComparison.Ordinal);

    public bool IsPSAbsolute(string path, out string driveName)
    {
        driveName = "";
        return IO.Path.IsPathRooted(path);
    }

    public string Combine(string parent, string child) => IO.Path.Combine(parent, child);

    public string ParseChildName(string path) => IO.Path.GetFileName(path);

    private static IEnumerable<string> Matching(string folder, string part)
    {
        WildcardPattern pattern = WildcardPattern.Get(part, WildcardOptions.IgnoreCase);
        return Directory.EnumerateFileSystemEntries(folder)
            .Where(entry => pattern.IsMatch(IO.Path.GetFileName(entry)))
            .Order(StringComparer.Ordinal);
    }
}

public sealed class PathInfo(string path)
{
    public string Path { get; } = path;

    public string ProviderPath => Path;

    public ProviderInfo Provider => ProviderInfo.FileSystem;

    public PSDriveInfo Drive => PSDriveInfo.Root;

    public override string ToString() => Path;
}

public class ProviderInfo
{
    internal static ProviderInfo FileSystem { get; } = new();

    public string Name => nameof(FileSystem);

    public override string ToString() => "Microsoft.PowerShell.Core\\FileSystem";
}

public class PSDriveInfo
{
    internal static PSDriveInfo Root { get; } = new();

    public string Name => "/";

    public ProviderInfo Provider => ProviderInfo.FileSystem;
}

public interface IModuleAssemblyInitializer
{
    void OnImport();
}

public interface IModuleAssemblyCleanup
{
    void OnRemove(PSModuleInfo psModuleInfo);
}

public sealed class PSModuleInfo(string path)
{
    public string Name => IO.Path.GetFileNameWithoutExtension(Path);

    public string Path { get; } = path;

    public string ModuleBase => IO.Path.GetDirectoryName(Path) ?? "";
}

/// <summary>There is no language here: a script block cannot even be made.</summary>
public class ScriptBlock
{
    internal const string ScriptsNeedPowerShell = "A script needs PowerShell: run the cmdlet in pwsh, with Import-Module CloudLab.";

    private ScriptBlock()
    {
    }

    public static ScriptBlock Create(string script) => throw NoLanguage();

    public Collection<PSObject> Invoke(params object[] args) => throw NoLanguage();

    public object InvokeReturnAsIs(params object[] args) => throw NoLanguage();

    public Collection<PSObject> InvokeWithContext(
        Dictionary<string, ScriptBlock>? functionsToDefine, List<PSVariable> variablesToDefine, params object[] args) => throw NoLanguage();

    private static NotSupportedException NoLanguage() => new(ScriptsNeedPowerShell);
}
