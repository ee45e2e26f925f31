namespace CloudLab.Core.Storage.Sync;

/// <summary>A file, an object or a folder at one end of a synchronization.</summary>
/// <param name="Name">Name below that end, with slashes; that of a folder, or of the object that stands for one, ends in a slash.</param>
/// <param name="Size">Bytes.</param>
/// <param name="LastModified">When it was last written.</param>
/// <param name="ETag">Entity tag of an object, without quotes.</param>
public readonly record struct SyncEntry(string Name, long Size, DateTimeOffset LastModified, string? ETag = null)
{
    /// <summary>Whether it stands for a folder.</summary>
    public bool IsFolder => Name.EndsWith('/');
}
