using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common.Archives;

/// <summary>The local side of a copy into a container.</summary>
/// <param name="File">The file or folder.</param>
/// <param name="Name">Its name as it was given; that of a link where one is followed.</param>
/// <param name="IsContent">Whether only what is in the folder is meant: <c>folder/.</c>.</param>
internal sealed record LocalSource(FileSystemInfo File, string Name, bool IsContent)
{
    /// <summary>Whether it is a folder, and no link to one.</summary>
    public bool IsFolder => File is DirectoryInfo && File.LinkTarget is null;

    /// <summary>Finds it.</summary>
    /// <param name="source">The path as it was given.</param>
    /// <param name="followLink">Takes what a link points to, where it is one.</param>
    /// <returns>The source. Throws <see cref="LabException"/> (FileNotFound).</returns>
    public static LocalSource Find(string source, bool followLink)
    {
        bool content = source.EndsWith("/.", StringComparison.Ordinal) || source.EndsWith("\\.", StringComparison.Ordinal);
        string path = Path.TrimEndingDirectorySeparator(content ? source[..^2] : source);
        FileSystemInfo file = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        if (!file.Exists)
        {
            throw new LabException(LabErrorKind.NotFound, "FileNotFound", $"There is no file or folder '{source}'.") { Target = source };
        }

        if (followLink && file.LinkTarget is not null)
        {
            file = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        }

        return new LocalSource(file, Path.GetFileName(path), content);
    }
}
