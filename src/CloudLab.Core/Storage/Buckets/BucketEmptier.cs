using System.Runtime.CompilerServices;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Listing;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Transfers;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Buckets;

/// <summary>Removes what is in a bucket: all versions and delete markers, and unfinished uploads.</summary>
/// <param name="client">The service.</param>
/// <param name="bucket">The bucket.</param>
internal sealed class BucketEmptier(StorageClient client, string bucket)
{
    private const int BatchesAtOnce = 4;
    private const int UploadsAtOnce = 16;

    private readonly ObjectStore objects = new(client);
    private readonly MultipartUploadStore uploads = new(client);
    private readonly List<LabException> failures = [];

    /// <summary>Empties the bucket.</summary>
    /// <param name="cancellation">Cancels the requests.</param>
    /// <returns>One error for each version and upload that stays.</returns>
    public async Task<IReadOnlyList<LabException>> EmptyAsync(CancellationToken cancellation)
    {
        using ProgressMeter meter = new(client.Reporter, $"Emptying s3://{bucket}");
        await Parallel.ForEachAsync(BatchesAsync(cancellation), AtOnce(BatchesAtOnce), async (batch, token) =>
        {
            int count = batch.Count;
            meter.Expect(count);
            IReadOnlyList<LabException> failed = await objects.RemoveAsync(bucket, batch, false, token);
            meter.AddItems(count - failed.Count);
            Add(failed);
        });
        await Parallel.ForEachAsync(uploads.ListAsync(bucket, cancellation: cancellation), AtOnce(UploadsAtOnce), async (upload, token) =>
        {
            meter.Expect(1);
            await AbortAsync(upload, token);
            meter.AddItems();
        });
        return failures;

        ParallelOptions AtOnce(int count) => new() { MaxDegreeOfParallelism = count, CancellationToken = cancellation };
    }

    private void Add(IEnumerable<LabException> more)
    {
        lock (failures)
        {
            failures.AddRange(more);
        }
    }

    private async Task AbortAsync(LabMultipartUpload upload, CancellationToken cancellation)
    {
        try
        {
            await uploads.AbortListedAsync(upload, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            Add([e]);
        }
    }

    private async IAsyncEnumerable<IReadOnlyCollection<ObjectVersion>> BatchesAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        IAsyncEnumerator<IReadOnlyList<object>> pages =
            objects.ListPagesAsync(new ObjectListing { Bucket = bucket, Versions = true }, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            bool more;
            try
            {
                more = await pages.MoveNextAsync();
            }
            catch (LabException e) when (e.Kind == LabErrorKind.NotSupported)
            {
                await pages.DisposeAsync();
                pages = objects.ListPagesAsync(new ObjectListing { Bucket = bucket }, cancellation).GetAsyncEnumerator(cancellation);
                more = await pages.MoveNextAsync();
            }

            for (; more; more = await pages.MoveNextAsync())
            {
                yield return [.. pages.Current.Cast<LabObject>().Select(entry => new ObjectVersion(entry.Key, entry.VersionId))];
            }
        }
        finally
        {
            await pages.DisposeAsync();
        }
    }
}
