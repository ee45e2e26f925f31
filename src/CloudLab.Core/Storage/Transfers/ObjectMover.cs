using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>Moves objects: a copy, and when it is there the removal of the source.</summary>
/// <param name="client">The service.</param>
/// <param name="engine">Copies.</param>
public sealed class ObjectMover(StorageClient client, TransferEngine engine)
{
    private readonly ObjectStore objects = new(client);

    /// <summary>Moves one object.</summary>
    /// <param name="sourceBucket">Bucket it is in.</param>
    /// <param name="sourceKey">Its key.</param>
    /// <param name="read">Which version to move, and how to read it.</param>
    /// <param name="bucket">Bucket it goes to.</param>
    /// <param name="key">Its new key.</param>
    /// <param name="options">What to store it with; what they leave out is kept.</param>
    /// <param name="meter">Counts what is done, or null.</param>
    /// <param name="cancellation">Cancels the move; the source is there then, and perhaps the copy.</param>
    /// <returns>The copy. Throws <see cref="LabException"/>: SameObject, SourceNotDeleted, and what a copy throws.</returns>
    public async Task<LabTransfer> MoveAsync(
        string sourceBucket, string sourceKey, ReadOptions read, string bucket, string key, UploadOptions options,
        ProgressMeter? meter = null, CancellationToken cancellation = default)
    {
        if (sourceBucket == bucket && sourceKey == key)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "SameObject", bucket, key, "an object cannot be moved onto itself.",
                "Change its metadata in place with Copy-LabObject.");
        }

        // The state that is copied is the only one that may be deleted. A version by its id never changes.
        LabObjectMetadata? source = read.VersionId is null ? await objects.GetAsync(sourceBucket, sourceKey, read, cancellation) : null;
        ReadOptions state = source is null ? read : read with { VersionId = source.VersionId, IfMatch = source.ETag };
        LabTransfer copy = await engine.CopyAsync(sourceBucket, sourceKey, state, bucket, key, options, meter, cancellation);
        try
        {
            await objects.RemoveAsync(sourceBucket, new ObjectVersion(sourceKey, read.VersionId), source?.ETag, cancellation);
        }
        catch (LabException e)
        {
            string fault = e.Code == "PreconditionFailed" ? "it was changed in the meantime" : e.Message.TrimEnd('.');
            throw new LabException(
                e.Kind, "SourceNotDeleted",
                $"{ObjectName.Uri(sourceBucket, sourceKey)}: it was copied to {ObjectName.Uri(bucket, key)} but not deleted: {fault}.", e)
            {
                Target = ObjectName.Uri(sourceBucket, sourceKey),
                Advice = e.Advice ?? "Both objects exist now: delete the one you do not want with Remove-LabObject.",
                StopsCommand = e.StopsCommand,
            };
        }

        return copy;
    }
}
