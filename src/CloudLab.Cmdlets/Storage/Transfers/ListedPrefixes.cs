using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
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
/// <param name="filterOf">Which keys below a prefix are wanted; null for all.</param>
/// <param name="take">Takes an object of a bucket under a name: its key, or what of it follows the prefix's last slash.</param>
internal sealed class ListedPrefixes(
    IReporter reporter, Func<string, Func<string, bool>?> filterOf, Func<string, LabObject, string, CancellationToken, Task> take)
{
    private readonly Dictionary<(StorageClient Client, string Bucket), ListedFolders> listed = [];

    /// <summary>Takes an object of a listing.</summary>
    /// <param name="client">Its service.</param>
    /// <param name="bucket">Its bucket.</param>
    /// <param name="key">Its key.</param>
    public void AddObject(StorageClient client, string bucket, string key) => Of(client, bucket).AddItem(key);

    /// <summary>Takes all that begins with a prefix; of a folder that the pipeline brings when it is known what else it brings.</summary>
    /// <param name="client">The service.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="prefix">The prefix.</param>
    /// <param name="isListed">Whether the pipeline brings it.</param>
    /// <param name="cancellation">Cancels the listing.</param>
    /// <returns>Done when all has begun that is known now.</returns>
    public async Task TakeAsync(StorageClient client, string bucket, string prefix, bool isListed, CancellationToken cancellation)
    {
        if (isListed && prefix.EndsWith('/'))
        {
            Of(client, bucket).AddFolder(prefix);
        }
        else
        {
            // What the pipeline names keeps its whole key, by itself and in a folder.
            await TakeAllAsync(client, bucket, prefix, isListed ? 0 : prefix.LastIndexOf('/') + 1, cancellation);
        }
    }

    /// <summary>Takes the folders that stand for all that is in them, when the listing is over.</summary>
    /// <param name="with">Runs work with a service.</param>
    /// <param name="problem">Hears what went wrong with which folder.</param>
    /// <param name="cancellation">Cancels requests.</param>
    /// <returns>Done when all has begun.</returns>
    public async Task TakeWholeAsync(Func<StorageClient, Func<Task>, Task> with, Action<Exception, object?> problem, CancellationToken cancellation)
    {
        await foreach ((StorageClient client, string bucket, string prefix) in WholeAsync(cancellation))
        {
            try
            {
                await with(client, () => TakeAllAsync(client, bucket, prefix, 0, cancellation));
            }
            catch (LabException e)
            {
                problem(e, ObjectName.Uri(bucket, prefix));
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

    private async Task TakeAllAsync(StorageClient client, string bucket, string prefix, int stem, CancellationToken cancellation)
    {
        ObjectListing listing = new() { Bucket = bucket, Prefix = prefix, Filter = filterOf(prefix) };
        await foreach (object entry in new ObjectStore(client).ListAsync(listing, cancellation))
        {
            LabObject found = (LabObject)entry;
            if (found.Key.Length > stem)
            {
                await take(bucket, found, found.Key[stem..], cancellation);
            }
        }
    }

    private async IAsyncEnumerable<(StorageClient Client, string Bucket, string Prefix)> WholeAsync(
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
                        $"{ObjectName.Uri(bucket, prefix)} is skipped: the listing in the pipeline contains objects of other folders but none of this one. To process all of it, name it with -Prefix.");
                }
            }
        }
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
