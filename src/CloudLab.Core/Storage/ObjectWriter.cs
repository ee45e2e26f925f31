namespace CloudLab.Core.Storage;

/// <summary>
/// Writes the content of one object piece by piece. The object appears when <see cref="CompleteAsync"/> is called; a
/// writer that is disposed before leaves nothing behind.
/// </summary>
public sealed class ObjectWriter : IAsyncDisposable
{
    private readonly ObjectUpload upload;

    /// <summary>Begins an object; nothing is sent before a part is full or the object complete.</summary>
    /// <param name="client">The service.</param>
    /// <param name="engine">Limits the requests in flight.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="cancellation">Cancels the upload.</param>
    public ObjectWriter(
        StorageClient client, TransferEngine engine, string bucket, string key, UploadOptions options, CancellationToken cancellation = default)
    {
        (Bucket, Key) = (bucket, key);
        upload = new ObjectUpload(client, engine, bucket, key, options, null, null, cancellation);
    }

    /// <summary>Bucket.</summary>
    public string Bucket { get; }

    /// <summary>Key.</summary>
    public string Key { get; }

    /// <summary>Appends bytes.</summary>
    /// <param name="data">Bytes; copied.</param>
    /// <returns>Done when they are taken.</returns>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data) => upload.WriteAsync(data);

    /// <summary>Makes the object visible under its key.</summary>
    /// <returns>The object as stored.</returns>
    public async Task<LabObject> CompleteAsync()
    {
        StoredObject stored = await upload.CompleteAsync();
        return new LabObject
        {
            Bucket = Bucket,
            Key = Key,
            Size = stored.Size,
            LastModified = DateTimeOffset.UtcNow,
            ETag = stored.ETag,
            StorageClass = "STANDARD",
            VersionId = stored.VersionId,
        };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => upload.DisposeAsync();
}
