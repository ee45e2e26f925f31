namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>What an entry of a build context is.</summary>
public enum BuildContextKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder: sent with nothing in it, or left out with all that is in it.</summary>
    Folder,

    /// <summary>A symbolic link, which is sent as a link.</summary>
    Link,
}

/// <summary>An entry of a build context: what a build sends to the engine, or leaves out.</summary>
public sealed class LabBuildContextItem
{
    /// <summary>Path relative to the context, with forward slashes.</summary>
    public required string Path { get; init; }

    /// <summary>Bytes; for a folder that is left out, those of all files in it; 0 for a link.</summary>
    public required long Length { get; init; }

    /// <summary>File, Folder or Link.</summary>
    public required BuildContextKind Kind { get; init; }

    /// <summary>Where a link points to; null for anything else.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>True where it is not sent.</summary>
    public required bool Ignored { get; init; }

    /// <summary>The pattern of the ignore file that decided about it, as written; null where none matches.</summary>
    public string? Pattern { get; init; }

    /// <summary>The line of that pattern in the ignore file, counted from one.</summary>
    public int? PatternLine { get; init; }

    /// <summary>Full path of the ignore file; null where there is none.</summary>
    public string? IgnoreFile { get; init; }

    /// <summary>How many files it stands for: more than one only for a folder that is left out.</summary>
    public required long FileCount { get; init; }

    /// <summary>Full path.</summary>
    public required string FullName { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
