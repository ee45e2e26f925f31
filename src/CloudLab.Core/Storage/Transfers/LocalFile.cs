namespace CloudLab.Core.Storage.Transfers;

/// <summary>A file or folder below a folder that is enumerated.</summary>
/// <param name="Root">Full path of the folder that was asked for.</param>
/// <param name="Name">Name relative to it, with slashes; that of a folder ends in one.</param>
/// <param name="Size">Bytes; of a link those of the file it leads to, -1 where it leads nowhere.</param>
/// <param name="LastWrite">When it was last written, UTC.</param>
public readonly record struct LocalFile(string Root, string Name, long Size, DateTimeOffset LastWrite)
{
    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => Name.EndsWith('/');

    /// <summary>Full path.</summary>
    public string Path => System.IO.Path.Join(Root, OperatingSystem.IsWindows() ? Name.Replace('/', '\\') : Name);
}
