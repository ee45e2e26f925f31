using System.Runtime.CompilerServices;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;

namespace CloudLab.Cmdlets.Storage.Drive;

/// <summary>
/// Shows a listing as folders and files. An object <c>data</c> and a prefix <c>data/</c> may exist side by side; then the
/// plain name means the folder, and the object gets a name that says so.
/// </summary>
/// <param name="bucket">Bucket.</param>
/// <param name="prefix">Prefix of the folder; empty for the bucket.</param>
internal sealed class FolderView(string bucket, string prefix)
{
    // Objects so far whose name a folder that is still to come may share: each begins with the one before.
    private readonly List<LabObject> held = [];

    /// <summary>The entries of one level, from a listing with a delimiter.</summary>
    /// <param name="level">Objects and prefixes in the order of their keys.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Folders at once, and files as soon as it is known that no folder of their name follows.</returns>
    public async IAsyncEnumerable<DriveItem> LevelAsync(
        IAsyncEnumerable<object> level, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (object entry in level.WithCancellation(cancellation))
        {
            LabPrefix? folder = entry as LabPrefix;
            foreach (DriveItem item in Release(folder?.Prefix ?? ((LabObject)entry).Key))
            {
                yield return item;
            }

            if (folder is null)
            {
                Hold((LabObject)entry);
            }
            else
            {
                yield return Folder(folder);
            }
        }

        foreach (DriveItem item in Release(null))
        {
            yield return item;
        }
    }

    /// <summary>The entries of all levels, from a listing without delimiter: a folder appears before the first key in it.</summary>
    /// <param name="keys">Objects in the order of their keys.</param>
    /// <param name="cancellation">Ends the listing.</param>
    /// <returns>Entries with their paths below the folder.</returns>
    public async IAsyncEnumerable<DriveItem> TreeAsync(
        IAsyncEnumerable<object> keys, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string last = prefix;
        await foreach (object entry in keys.WithCancellation(cancellation))
        {
            LabObject file = (LabObject)entry;
            foreach (DriveItem item in Release(file.Key))
            {
                yield return item;
            }

            for (int slash = file.Key.IndexOf('/', prefix.Length); slash >= 0; slash = file.Key.IndexOf('/', slash + 1))
            {
                string folder = file.Key[..(slash + 1)];
                if (!last.StartsWith(folder, StringComparison.Ordinal))
                {
                    yield return Folder(new LabPrefix { Bucket = bucket, Prefix = folder });
                }
            }

            last = file.Key;
            Hold(file);
        }

        foreach (DriveItem item in Release(null))
        {
            yield return item;
        }
    }

    /// <summary>Whether a key is a folder's own mark, as the S3 console makes one for a folder with nothing in it.</summary>
    /// <param name="file">An object.</param>
    /// <returns>True for an empty object whose key ends in a slash.</returns>
    public static bool IsMark(LabObject file) => file.Size == 0 && file.Key.EndsWith('/');

    private void Hold(LabObject file)
    {
        if (!IsMark(file))
        {
            held.Add(file);
        }
    }

    // What comes now tells of each held object whether a folder of its name is there, will not come any more, or may still come.
    private IEnumerable<DriveItem> Release(string? next)
    {
        for (int i = 0; i < held.Count;)
        {
            string key = held[i].Key;
            char behind = next is not null && next.Length > key.Length && next.StartsWith(key, StringComparison.Ordinal) ? next[key.Length] : char.MaxValue;
            if (behind < '/')
            {
                i++;
                continue;
            }

            DriveItem item = File(held[i], besideFolder: behind == '/');
            held.RemoveAt(i);
            yield return item;
        }
    }

    private DriveItem File(LabObject file, bool besideFolder)
    {
        string path = DrivePath.Here.Of(file.Key[prefix.Length..]);
        return new DriveItem(file, besideFolder ? DrivePath.SpellObject(path) : path, false);
    }

    private DriveItem Folder(LabPrefix folder) => new(folder, DrivePath.Here.Of(folder.Prefix[prefix.Length..^1]), true);
}

/// <summary>An entry of a folder.</summary>
/// <param name="Item">A LabBucket, LabPrefix or LabObject.</param>
/// <param name="Path">Its path below the folder that was listed, spelled.</param>
/// <param name="IsContainer">True for what has entries of its own.</param>
internal sealed record DriveItem(object Item, string Path, bool IsContainer);
