using System.Collections.ObjectModel;
using System.Management.Automation;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Pipeline;

/// <summary>Paths as PowerShell resolves them, which must be in the file system. On the pipeline thread only.</summary>
internal static class FilePath
{
    /// <summary>Resolves a path that need not exist.</summary>
    /// <param name="cmdlet">The cmdlet that was given it.</param>
    /// <param name="path">The path, relative to the current location. No wildcards.</param>
    /// <returns>The full path. Throws <see cref="LabException"/> (NoFilePath).</returns>
    public static string Of(PSCmdlet cmdlet, string path) =>
        Checked(path, cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(Local(path), out ProviderInfo provider, out _), provider);

    /// <summary>Resolves files that are given as a list where environment variables have them as one text.</summary>
    /// <param name="cmdlet">The cmdlet that was given them.</param>
    /// <param name="paths">The paths; null where none were given.</param>
    /// <returns>Full paths with the separator of the platform between them; null where none were given. Throws <see cref="LabException"/> (NoFilePath).</returns>
    public static string? Joined(PSCmdlet cmdlet, string[]? paths) => paths is null ? null : string.Join(Path.PathSeparator, paths.Select(path => Of(cmdlet, path)));

    /// <summary>Finds what matches a path.</summary>
    /// <param name="cmdlet">The cmdlet that was given it.</param>
    /// <param name="path">The path, relative to the current location, with or without wildcards.</param>
    /// <returns>Full paths. Throws <see cref="LabException"/> (NoFilePath), <see cref="ItemNotFoundException"/>.</returns>
    public static Collection<string> Matching(PSCmdlet cmdlet, string path) =>
        Checked(path, cmdlet.GetResolvedProviderPathFromPSPath(Local(path), out ProviderInfo provider), provider);

    /// <summary>The files and folders that a path means: itself, which need not exist, or what its wildcards match.</summary>
    /// <param name="cmdlet">The cmdlet that was given it.</param>
    /// <param name="path">The path, relative to the current location.</param>
    /// <returns>Full paths, at least one. Throws <see cref="LabException"/> (NoFilePath, PathNotFound).</returns>
    public static IReadOnlyList<string> Meant(PSCmdlet cmdlet, string path) => !WildcardPattern.ContainsWildcardCharacters(path) ? [Of(cmdlet, path)]
        : Matching(cmdlet, path) is { Count: > 0 } found ? found
        : throw new LabException(LabErrorKind.NotFound, "PathNotFound", $"Nothing matches '{path}'.") { Target = path, StopsCommand = true };

    /// <summary>Resolves a path that need not exist, and keeps what stands at its end: <c>/.</c> for the content, a separator for a folder.</summary>
    /// <param name="cmdlet">The cmdlet that was given it.</param>
    /// <param name="path">The path, relative to the current location. No wildcards.</param>
    /// <returns>The full path. Throws <see cref="LabException"/> (NoFilePath).</returns>
    public static string WithEnd(PSCmdlet cmdlet, string path)
    {
        string end = path.EndsWith("/.", StringComparison.Ordinal) ? "/." : path.EndsWith('/') || path.EndsWith(Path.DirectorySeparatorChar) ? "/" : "";
        string full = Of(cmdlet, path);
        return end.Length > 0 && !full.EndsWith(end, StringComparison.Ordinal) ? full.TrimEnd('/') + end : full;
    }

    // PowerShell takes a network path of Windows everywhere, and leaves it as it is, which other systems would read as the name of a file.
    private static string Local(string path) => OperatingSystem.IsWindows() || !path.StartsWith(@"\\", StringComparison.Ordinal)
        ? path
        : throw new LabException(
            LabErrorKind.InvalidArgument, "NoFilePath", $"'{path}' is a network path of Windows, which this system cannot open: give the path of a folder that it is mounted to.") { Target = path };

    private static T Checked<T>(string path, T found, ProviderInfo provider) => provider.Name == "FileSystem"
        ? found
        : throw new LabException(
            LabErrorKind.InvalidArgument, "NoFilePath",
            $"'{path}' is on a drive of the provider {provider.Name}, not in the file system: give the full path of a file or folder, or change the location first (Set-Location).")
        {
            Target = path,
        };
}
