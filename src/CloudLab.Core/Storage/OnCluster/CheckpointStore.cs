using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.OnCluster;

/// <summary>
/// Checkpoints and failed keys of a transfer job, as objects of the bucket that it writes to: <c>.cloudlab-transfer/ID/00007.json</c>, and for
/// each stretch in which keys failed <c>.cloudlab-transfer/ID/00007.failed/00000012.json</c>.
/// </summary>
/// <param name="client">The service.</param>
/// <param name="bucket">The bucket.</param>
/// <param name="id">The job.</param>
internal sealed class CheckpointStore(StorageClient client, string bucket, string id)
{
    /// <summary>What the keys of all jobs begin with.</summary>
    public const string Root = ".cloudlab-transfer/";

    private const int AtOnce = 32;

    private readonly ObjectStore objects = new(client);
    private readonly TransferEngine engine = new(client);
    private readonly string folder = $"{Root}{id}/";
    private readonly ConcurrentDictionary<string, string> versions = [];
    private readonly ConcurrentDictionary<int, string> tags = [];
    private readonly ConcurrentDictionary<int, TransferCheckpoint> done = [];
    private bool keeps;

    /// <summary>Name of what the job leaves in the bucket.</summary>
    public string Uri => ObjectName.Uri(bucket, folder);

    /// <summary>What removes that, where nothing else does.</summary>
    public string RemovalCommand => $"Remove-LabObject {bucket} -Prefix {folder}";

    /// <summary>Reads how far the work on a range is.</summary>
    /// <param name="index">The range.</param>
    /// <param name="range">Its keys, where they are known: a checkpoint that is not among them is none.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The checkpoint; null where no worker has begun. Throws <see cref="LabException"/> (InvalidCheckpoint).</returns>
    public async Task<TransferCheckpoint?> ReadAsync(int index, KeyRange? range, CancellationToken cancellation)
    {
        try
        {
            string key = Key(index);
            (TransferCheckpoint at, tags[index]) = await ReadAsync<TransferCheckpoint>(key, cancellation);
            return at.After is null || range is null
                || ((range.After is null || KeyOrder.Compare(at.After, range.After) >= 0) && (range.UpTo is null || KeyOrder.Compare(at.After, range.UpTo) <= 0))
                ? at
                : throw Invalid(key, $"its key '{at.After}' is not in range {index}", null);
        }
        catch (LabException e) when (e.Code == "NoSuchKey")
        {
            tags.TryRemove(index, out _);
            return null;
        }
    }

    /// <summary>Reads how far the work is. What is done never changes, and is read once.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>A checkpoint for each range that has one. Throws <see cref="LabException"/>.</returns>
    public async Task<IReadOnlyDictionary<int, TransferCheckpoint>> ReadAllAsync(CancellationToken cancellation)
    {
        ConcurrentDictionary<int, TransferCheckpoint> found = [];
        await Parallel.ForEachAsync(KeysAsync("/", cancellation), Options(cancellation), async (key, token) =>
        {
            if (int.TryParse(Path.GetFileNameWithoutExtension(key), NumberStyles.None, CultureInfo.InvariantCulture, out int index) && key == Key(index)
                && (done.GetValueOrDefault(index) ?? await ReadAsync(index, null, token)) is { } checkpoint)
            {
                found[index] = checkpoint;
                if (checkpoint.Done)
                {
                    done[index] = checkpoint;
                }
            }
        });
        return found;
    }

    /// <summary>Reads what failed.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Every key that failed, in the order of the ranges.</returns>
    public async Task<IReadOnlyList<LabTransferFailure>> ReadFailuresAsync(CancellationToken cancellation)
    {
        ConcurrentDictionary<string, LabTransferFailure[]> found = new(StringComparer.Ordinal);
        await Parallel.ForEachAsync(KeysAsync(null, cancellation), Options(cancellation), async (key, token) =>
        {
            if (key.Contains(".failed/", StringComparison.Ordinal))
            {
                (found[key], _) = await ReadAsync<LabTransferFailure[]>(key, token);
            }
        });
        return [.. found.OrderBy(page => page.Key, StringComparer.Ordinal).SelectMany(page => page.Value)];
    }

    /// <summary>
    /// Says how far the work on a range is. Whoever has read it last may: a worker that was given up (its node was lost) and works on learns here
    /// that another one has its range.
    /// </summary>
    /// <param name="index">The range.</param>
    /// <param name="checkpoint">What to say.</param>
    /// <param name="failures">Keys that failed since the last checkpoint.</param>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when it is stored. Throws <see cref="LabException"/> (RangeTaken).</returns>
    public async Task WriteAsync(int index, TransferCheckpoint checkpoint, IReadOnlyCollection<LabTransferFailure> failures, CancellationToken cancellation)
    {
        if (failures.Count > 0)
        {
            // Named by the checkpoint: a worker that repeats the stretch writes the same object again.
            await WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{folder}{index:D5}.failed/{checkpoint.Checkpoints:D8}.json"), JsonSerializer.SerializeToUtf8Bytes(failures, TransferCheckpoint.Format), new UploadOptions(), cancellation);
        }

        byte[] content = checkpoint.Write();
        UploadOptions condition = tags.TryGetValue(index, out string? seen) ? new UploadOptions { IfMatch = seen } : new UploadOptions { NoClobber = true };
        try
        {
            tags[index] = await WriteAsync(Key(index), content, condition, cancellation);
        }
        catch (LabException e) when (e.Code is "PreconditionFailed" or "ObjectAlreadyExists")
        {
            // Or it is there already, and only the answer was lost.
            (byte[] there, string tag) = await ReadAsync(Key(index), cancellation);
            tags[index] = there.AsSpan().SequenceEqual(content) ? tag : throw new LabException(
                LabErrorKind.Conflict, "RangeTaken", $"Another worker has taken up range {index} of the transfer job '{id}': this one ends.", e) { Target = Uri };
        }
    }

    /// <summary>Removes all that the job left in the bucket.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>Done when it is gone.</returns>
    public async Task RemoveAsync(CancellationToken cancellation)
    {
        List<ObjectVersion> gone = [];
        try
        {
            await foreach (object entry in objects.ListAsync(new ObjectListing { Bucket = bucket, Prefix = folder, Versions = true }, cancellation))
            {
                gone.Add(new ObjectVersion(((LabObject)entry).Key, ((LabObject)entry).VersionId));
            }
        }
        catch (LabException e) when (e.Kind is LabErrorKind.NotSupported or LabErrorKind.AccessDenied)
        {
            gone = [];
            await foreach (string key in KeysAsync(null, cancellation))
            {
                gone.Add(new ObjectVersion(key));
            }
        }

        foreach (ObjectVersion[] batch in gone.Chunk(ObjectStore.MostKeysInBatch))
        {
            if ((await objects.RemoveAsync(bucket, batch, false, cancellation)).FirstOrDefault() is { } failure)
            {
                throw failure;
            }
        }
    }

    private static ParallelOptions Options(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };

    private string Key(int index) => string.Create(CultureInfo.InvariantCulture, $"{folder}{index:D5}.json");

    private async IAsyncEnumerable<string> KeysAsync(string? delimiter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (object entry in objects.ListAsync(new ObjectListing { Bucket = bucket, Prefix = folder, Delimiter = delimiter }, cancellation))
        {
            if (entry is LabObject found)
            {
                yield return found.Key;
            }
        }
    }

    private async Task<(T Content, string ETag)> ReadAsync<T>(string key, CancellationToken cancellation)
    {
        (byte[] text, string tag) = await ReadAsync(key, cancellation);
        try
        {
            return (JsonSerializer.Deserialize<T>(text, TransferCheckpoint.Format) ?? throw new JsonException("it is empty"), tag);
        }
        catch (JsonException e)
        {
            throw Invalid(key, e.Message.TrimEnd('.'), e);
        }
    }

    private async Task<(byte[] Content, string ETag)> ReadAsync(string key, CancellationToken cancellation)
    {
        await using ObjectReadStream stream = await ObjectReadStream.OpenAsync(client, bucket, key, new ReadOptions(), null, cancellation);
        byte[] content = new byte[stream.Length];
        await stream.ReadExactlyAsync(content, cancellation);
        return (content, stream.ETag);
    }

    private LabException Invalid(string key, string why, Exception? inner) => StorageClient.Problem(
        LabErrorKind.InvalidData, "InvalidCheckpoint", bucket, key, $"this is not what a transfer job keeps there: {why}.",
        "Remove the object to let the range begin again: what is there is not copied twice.", inner);

    private async Task<string> WriteAsync(string key, byte[] content, UploadOptions options, CancellationToken cancellation)
    {
        using MemoryStream stream = new(content);
        LabTransfer stored = await engine.SendAsync(stream, bucket, key, options with { ContentType = "application/json" }, null, cancellation);

        // A bucket that keeps versions would keep every checkpoint there ever was.
        if (stored.VersionId is { } version and not "null")
        {
            if (versions.TryGetValue(key, out string? before) && !keeps)
            {
                try
                {
                    await objects.RemoveAsync(bucket, new ObjectVersion(key, before), null, cancellation);
                }
                catch (LabException e) when (e.Kind == LabErrorKind.AccessDenied)
                {
                    // Under a retention (Object Lock), or not this worker's to remove: no reason to end its work.
                    keeps = true;
                    client.Reporter.Verbose($"Earlier checkpoints stay in the bucket: {e.Message}");
                }
            }

            versions[key] = version;
        }

        return stored.ETag!;
    }
}
