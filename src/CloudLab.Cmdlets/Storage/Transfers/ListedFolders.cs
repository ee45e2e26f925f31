namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>
/// The folders of a listing that comes down the pipeline, of a disk or of a bucket, in whatever order. A listing that goes into folders
/// (<c>Get-ChildItem -Recurse</c>) brings a folder and what is in it: then the folder stands for nothing more, or what the listing left out would
/// come along with it. A folder that comes alone is meant as a whole. Which of the two it is shows at the end only.
/// </summary>
/// <param name="parentOf">The folder that a file or folder is in; null where there is none.</param>
internal sealed class ListedFolders(Func<string, string?> parentOf)
{
    private readonly HashSet<string> folders = new(StringComparer.Ordinal);
    private readonly List<string> inOrder = [];

    // What has a listed file, or a listed folder, somewhere below; whether it is listed itself or not.
    private readonly HashSet<string> aboveItems = new(StringComparer.Ordinal);
    private readonly HashSet<string> aboveFolders = new(StringComparer.Ordinal);

    /// <summary>Takes a folder.</summary>
    /// <param name="folder">Its path.</param>
    public void AddFolder(string folder)
    {
        if (folders.Add(folder))
        {
            inOrder.Add(folder);
            Mark(aboveFolders, folder);
        }
    }

    /// <summary>Takes a file or an object.</summary>
    /// <param name="item">Its path.</param>
    public void AddItem(string item) => Mark(aboveItems, item);

    /// <summary>The outermost folder of the listing that something is in.</summary>
    /// <param name="path">A file or folder.</param>
    /// <returns>A folder, which may be the path itself; null where none of the listing's holds it.</returns>
    public string? Top(string path)
    {
        string? top = null;
        for (string? folder = path; folder is not null; folder = parentOf(folder))
        {
            top = folders.Contains(folder) ? folder : top;
        }

        return top;
    }

    /// <summary>The folders of which the listing has brought nothing, in their order.</summary>
    /// <returns>
    /// Each with whether it is meant as a whole. Those that are not stand in a listing that went into folders, and left out all of these.
    /// </returns>
    public IEnumerable<(string Folder, bool IsWhole)> WithoutItems()
    {
        HashSet<string> entered = [.. inOrder.Where(folder => aboveItems.Contains(folder) || aboveFolders.Contains(folder)).Select(ParentOrRoot)];
        foreach (string folder in inOrder.Where(folder => !aboveItems.Contains(folder)))
        {
            string? outer = parentOf(folder);
            while (outer is not null && !folders.Contains(outer))
            {
                outer = parentOf(outer);
            }

            // One in another of these needs no word of its own.
            if (outer is null || aboveItems.Contains(outer))
            {
                yield return (folder, outer is null && !aboveFolders.Contains(folder) && !entered.Contains(ParentOrRoot(folder)));
            }
        }
    }

    private string ParentOrRoot(string folder) => parentOf(folder) ?? "";

    private void Mark(HashSet<string> marked, string path)
    {
        // Where a folder is marked, so is all above it.
        for (string? folder = parentOf(path); folder is not null && marked.Add(folder); folder = parentOf(folder))
        {
        }
    }
}
