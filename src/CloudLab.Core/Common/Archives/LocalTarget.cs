using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Common.Archives;

/// <summary>The local side of a copy out of a container.</summary>
/// <param name="destination">The path as it was given: a folder to copy into, or the new name.</param>
internal sealed class LocalTarget(string destination)
{
    // As it was before the copy.
    private readonly bool intoFolder = Directory.Exists(destination);

    /// <summary>Throws <see cref="LabException"/> (DestinationNotFound) where the folder for it is missing.</summary>
    public void RequireFolder()
    {
        string parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(destination)) ?? destination;
        if (!intoFolder && !Directory.Exists(parent))
        {
            throw new LabException(LabErrorKind.WriteFailed, "DestinationNotFound", $"There is no folder '{parent}'.") { Target = destination };
        }
    }

    /// <summary>The path that a source gets.</summary>
    /// <param name="source">The source, for errors.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    /// <param name="name">Its name in a folder that is there; null where only what is in it is meant.</param>
    /// <returns>The path. Throws <see cref="LabException"/> (DestinationIsFile, DestinationNotFound, FileNameInvalid) where it cannot be.</returns>
    public string PathFor(string source, bool isFolder, string? name)
    {
        if (isFolder && File.Exists(destination))
        {
            throw new LabException(LabErrorKind.WriteFailed, "DestinationIsFile", $"The folder '{source}' cannot be copied to '{destination}', which is a file.") { Target = source };
        }

        if (!intoFolder && !isFolder && (destination.EndsWith('/') || destination.EndsWith(Path.DirectorySeparatorChar)))
        {
            throw new LabException(LabErrorKind.WriteFailed, "DestinationNotFound", $"There is no folder '{destination}'.") { Target = destination };
        }

        if (!intoFolder || name is null)
        {
            return Path.TrimEndingDirectorySeparator(destination);
        }

        // A name in a container may hold what is a path here.
        return name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0 && name is not ("." or "..")
            ? Path.Join(destination, name)
            : throw new LabException(LabErrorKind.WriteFailed, "FileNameInvalid", $"'{name}' cannot be the name of a local file: give the new name with -Destination.") { Target = source };
    }
}
