using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Layers;

/// <summary>One layer of an image.</summary>
public sealed class LabImageLayer
{
    /// <summary>The image. Binds <c>-Image</c>.</summary>
    public required string Image { get; init; }

    /// <summary>The platform: <c>linux/arm64</c>. Binds <c>-Platform</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>Its number, from 1 at the bottom; 0 for an instruction that made no layer.</summary>
    public required int Number { get; init; }

    /// <summary>The instruction of the Dockerfile that made it, as far as the image tells; null where it does not.</summary>
    public string? Instruction { get; init; }

    /// <summary>Digest of the layer as it is stored and pushed; null for an instruction that made no layer.</summary>
    public string? Digest { get; init; }

    /// <summary>Digest of its uncompressed content, which other images with the same layer have too.</summary>
    public string? DiffId { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes as it is stored and pushed, in most cases compressed.</summary>
    public required long StoredSize { get; init; }

    /// <summary>Bytes of its files that later layers replace or hide.</summary>
    public required long WastedSize { get; init; }

    /// <summary>When it was made, where the image tells.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Other images in the engine with the same layer.</summary>
    public required IReadOnlyList<string> SharedWith { get; init => field = TextList.Of(value); }

    /// <summary>How many files it adds, changes or removes.</summary>
    public int FileCount => Files.Count;

    /// <summary>What it adds, changes or removes.</summary>
    public required IReadOnlyList<LabImageFile> Files { get; init => field = TextList.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => Digest ?? Instruction ?? Image;
}

/// <summary>What a layer does to a path.</summary>
public enum ImageFileChange
{
    /// <summary>It was not there before.</summary>
    Added,

    /// <summary>It replaces one of a layer below.</summary>
    Changed,

    /// <summary>It hides one of a layer below.</summary>
    Removed,
}

/// <summary>What kind of file a path in an image is.</summary>
public enum ImageFileKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>Another name of a file.</summary>
    HardLink,

    /// <summary>A device or a pipe.</summary>
    Device,
}

/// <summary>A path that a layer adds, changes or removes.</summary>
/// <param name="Path">Path in the image.</param>
/// <param name="Change">What the layer does to it.</param>
/// <param name="Kind">Kind of file.</param>
/// <param name="Size">Bytes of content; of a path that is removed, the bytes that stay below.</param>
/// <param name="Mode">Permissions: <c>0755</c>.</param>
/// <param name="LinkTarget">Where a link points, else null.</param>
public sealed record LabImageFile(string Path, ImageFileChange Change, ImageFileKind Kind, long Size, string Mode, string? LinkTarget)
{
    /// <inheritdoc/>
    public override string ToString() => Path;
}
