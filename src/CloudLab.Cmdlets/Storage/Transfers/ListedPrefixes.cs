using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage.Transfers;

/// <summary>
/// Keeps apart, for the cmdlets that take objects and folders of a listing, what a listing names and what a folder of it stands for, so that no
/// object comes twice and none that the listing left out comes with its folder.
/// </summary>
/// <param name="reporter">Hears of folders that are left alone.</param>
internal sealed class ListedPrefixes(IReporter reporter)
{
    private readonly Dictionary<(StorageClient Client, string Bucket), ListedFolders> listed = [];

    /// <summary>Takes an object of a listing.</summary>
    /// <param name="client">Its service.</param>
    /// <param name="bucket">Its bucket.</param>
    /// <param name="key">Its key.</param>
    public void AddObject(StorageClient client, string bucket, string key) => Of(client, bucket).AddItem(key);

    /// <summary>Takes a folder of a listing.</summary>
    /// <param name="client">Its service.</param>
    /// <param name="bucket">Its bucket.</param>
    /// <param name="prefix">A prefix that ends in a slash.</param>
    public void AddFolder(StorageClient client, string bucket, string prefix) => Of(client, bucket).AddFolder(prefix);

    /// <summary>The folders to take as a whole, when the listing is over.</summary>
    /// <param name="cancellation">Cancels requests.</param>
    /// <returns>Each once.</returns>
    public async IAsyncEnumerable<(StorageClient Client, string Bucket, string Prefix)> WholeAsync(
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (((StorageClient client, string bucket), ListedFolders folders) in listed)
        {
            foreach ((string prefix, bool isWhole) in folders.WithoutItems())
            {
                if (isWhole)
                {
                    yield return (client, bucket, prefix);
                }
                else if (await HasObjectsAsync(client, bucket, prefix, cancellation))
                {
                    reporter.Warning(
                        $"{ObjectName.Uri(bucket, prefix)} is left alone: the pipeline brought what is in other folders, and nothing of what is in this one. To take all of it, name it with -Prefix.");
                }
            }
        }
    }

    // Of a key, or of a folder, whose own slash counts nothing.
    private static string? ParentOf(string key) => key.AsSpan(0, Math.Max(0, key.Length - 1)).LastIndexOf('/') is >= 0 and var slash ? key[..(slash + 1)] : null;

    private static async Task<bool> HasObjectsAsync(StorageClient client, string bucket, string prefix, CancellationToken cancellation)
    {
        await foreach (object entry in new ObjectStore(client).ListAsync(new ObjectListing { Bucket = bucket, Prefix = prefix, PageSize = 2 }, cancellation))
        {
            if (((LabObject)entry).Key != prefix)
            {
                return true;
            }
        }

        return false;
    }

    private ListedFolders Of(StorageClient client, string bucket)
    {
        if (!listed.TryGetValue((client, bucket), out ListedFolders? folders))
        {
            listed[(client, bucket)] = folders = new ListedFolders(ParentOf);
        }

        return folders;
    }
}
