using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Containers.Compose;

namespace CloudLab.Cmdlets.Containers.Compose;

/// <summary>The compose project that the parameters of a cmdlet mean.</summary>
internal static class ComposeInput
{
    /// <summary>Makes it.</summary>
    /// <param name="command">The cmdlet, whose current folder counts.</param>
    /// <param name="paths">Compose files, or the folder of one.</param>
    /// <param name="projectName">Name of the project; null for that of the file.</param>
    /// <param name="profiles">Profiles to enable.</param>
    /// <param name="envFiles">Files with values for variables.</param>
    /// <returns>The project; whether its files are there is for its user to see.</returns>
    public static ComposeSource Of(PSCmdlet command, string[] paths, string? projectName, string[] profiles, string[] envFiles)
    {
        string[] full = [.. paths.Select(path => FilePath.Of(command, path))];
        return new ComposeSource
        {
            Folder = Array.Find(full, Directory.Exists) ?? command.SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            Files = [.. full.Where(path => !Directory.Exists(path))],
            ProjectName = projectName,
            Profiles = profiles,
            EnvFiles = [.. envFiles.Select(path => FilePath.Of(command, path))],
        };
    }
}
