namespace CloudLab.Core.Containers.Layers;

/// <summary>A file as the tar file of a layer has it.</summary>
/// <param name="Path">Path with a leading slash, without one at the end.</param>
/// <param name="Kind">Kind of file.</param>
/// <param name="Size">Bytes of content.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Owner">User and group ids.</param>
/// <param name="LinkTarget">Where a link points, or null.</param>
/// <param name="Hash">SHA-256 of the content, where it was asked for.</param>
internal sealed record LayerEntry(string Path, ImageFileKind Kind, long Size, int Mode, (int User, int Group) Owner, string? LinkTarget, string? Hash)
{
    private const string WhiteoutPrefix = ".wh.", OpaqueName = ".wh..wh..opq";

    /// <summary>The last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>The folder.</summary>
    public string Folder => Path[..Path.LastIndexOf('/')];

    /// <summary>Whether the entry hides everything that layers below have in its folder.</summary>
    public bool HidesFolder => Name == OpaqueName;

    /// <summary>The path that the entry hides, or null where it hides none. Other names with this prefix are the storage's own.</summary>
    public string? Hides => !HidesFolder && Name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal)
        ? Name.StartsWith(".wh..wh.", StringComparison.Ordinal) ? null : $"{Folder}/{Name[WhiteoutPrefix.Length..]}"
        : null;

    /// <summary>Whether it is a mark and no file.</summary>
    public bool IsMark => Name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal);

    /// <summary>The permissions as text.</summary>
    public string ModeText => "0" + Convert.ToString(Mode, 8).PadLeft(3, '0');

    /// <summary>Whether two entries are the same file, for all that can be seen.</summary>
    /// <param name="other">The other entry.</param>
    /// <returns>True if so.</returns>
    public bool IsSame(LayerEntry other) =>
        Kind == other.Kind && Size == other.Size && Mode == other.Mode && Owner == other.Owner && LinkTarget == other.LinkTarget && Hash == other.Hash;
}
