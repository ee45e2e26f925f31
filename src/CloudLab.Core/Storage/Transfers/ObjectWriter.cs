using System.Buffers;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Objects;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// Writes one object of unknown length piece by piece: with one request if it fits into a part, else in parts, several at once. The object
/// appears when <see cref="CompleteAsync"/> is called; a writer that is disposed before leaves nothing behind. One caller at a time.
/// </summary>
public sealed class ObjectWriter : IAsyncDisposable
{
    private const int SmallestPart = 8 * 1024 * 1024;

    // Parts grow by this many part sizes each thousand parts, so that 10,000 hold 5 TiB.
    private const int PartsOfOneSize = 1000;
    private const int Growth = 12;

    // Each part in flight is held in memory.
    private const int PartsAtOnce = 4;

    private const int PieceOfStream = 256 * 1024;

    private readonly TransferEngine engine;
    private readonly SessionOrigin origin;
    private readonly SideBySide<UploadedPart> parts;
    private readonly ObjectUpload upload;
    private readonly SemaphoreSlim buffers = new(PartsAtOnce);

    private byte[]? buffer;
    private int capacity;
    private int filled;
    private bool closed;

    /// <summary>Begins an object; nothing is sent before a part is full or the object complete.</summary>
    /// <param name="client">The service.</param>
    /// <param name="engine">Limits the requests in flight.</param>
    /// <param name="bucket">Bucket.</param>
    /// <param name="key">Key.</param>
    /// <param name="options">What to store it with.</param>
    /// <param name="meter">Counts bytes as they are stored, or null.</param>
    /// <param name="cancellation">Cancels the upload.</param>
    public ObjectWriter(
        StorageClient client, TransferEngine engine, string bucket, string key, UploadOptions options, ProgressMeter? meter = null,
        CancellationToken cancellation = default)
    {
        (Bucket, Key, this.engine, origin) = (bucket, key, engine, client.Origin);
        StorageClass = options.StorageClass ?? "STANDARD";
        upload = new ObjectUpload(client, bucket, key, options, meter);
        parts = new(cancellation);
    }

    /// <summary>Bucket.</summary>
    public string Bucket { get; }

    /// <summary>Key.</summary>
    public string Key { get; }

    private string StorageClass { get; }

    /// <summary>Appends bytes.</summary>
    /// <param name="data">Bytes; copied.</param>
    /// <returns>Done when they are taken.</returns>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data)
    {
        while (data.Length > 0)
        {
            Memory<byte> space = await SpaceAsync();
            int count = Math.Min(space.Length, data.Length);
            data[..count].CopyTo(space);
            filled += count;
            data = data[count..];
        }
    }

    /// <summary>Appends all that a stream has.</summary>
    /// <param name="content">The stream; read to its end.</param>
    /// <returns>Done when it is taken.</returns>
    public async Task WriteAsync(Stream content)
    {
        // Memory of its own, which is never used again: a pipe whose writer is silent cannot be interrupted, and may fill it after the end.
        byte[] piece = new byte[PieceOfStream];
        while (await content.ReadAsync(piece, parts.Token).AsTask().WaitAsync(parts.Token) is > 0 and var count)
        {
            await WriteAsync(piece.AsMemory(0, count));
        }
    }

    /// <summary>Makes the object visible under its key.</summary>
    /// <returns>The object as stored.</returns>
    public async Task<LabObject> CompleteAsync()
    {
        StoredObject stored = await StoreAsync();
        return origin.Mark(new LabObject
        {
            Bucket = Bucket,
            Key = Key,
            Size = stored.Size,
            LastModified = DateTimeOffset.UtcNow,
            ETag = stored.ETag,
            StorageClass = StorageClass,
            VersionId = stored.VersionId,
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ReturnBuffer();
        await parts.DisposeAsync();
        if (!closed)
        {
            await upload.AbortAsync();
        }

        closed = true;
        buffers.Dispose();
    }

    /// <summary>Makes the object visible under its key.</summary>
    /// <returns>What the service says of it.</returns>
    internal async Task<StoredObject> StoreAsync()
    {
        StoredObject stored;
        if (parts.Count == 0)
        {
            using WorkBudget.Room room = await engine.Budget.EnterAsync(filled, parts.Token);
            stored = await upload.PutAsync(S3Body.Of(buffer.AsMemory(0, filled)), parts.Token);
        }
        else
        {
            if (filled > 0)
            {
                await SendPartAsync();
            }

            stored = await upload.CompleteAsync(await parts.WhenAllAsync(), parts.Token);
        }

        ReturnBuffer();
        closed = true;
        return stored;
    }

    private async ValueTask<Memory<byte>> SpaceAsync()
    {
        if (buffer is not null && filled == capacity)
        {
            await SendPartAsync();
        }

        if (buffer is null)
        {
            capacity = SmallestPart * (1 + (parts.Count / PartsOfOneSize * Growth));
            await parts.UnlessFailedAsync(new ValueTask<bool>(buffers.WaitAsync(Timeout.Infinite, parts.Token)));
            buffer = ArrayPool<byte>.Shared.Rent(capacity);
        }

        return buffer.AsMemory(filled, capacity - filled);
    }

    private async Task SendPartAsync()
    {
        if (parts.Count == ObjectUpload.MostParts)
        {
            throw StorageClient.Problem(
                LabErrorKind.InvalidData, "EntityTooLarge", Bucket, Key, $"the content does not fit into {ObjectUpload.MostParts} parts.");
        }

        if (parts.Count == 0)
        {
            await upload.BeginAsync(parts.Token);
        }

        byte[] content = buffer!;
        int count = filled, number = parts.Count + 1;
        (buffer, filled) = (null, 0);
        parts.Start(async () =>
        {
            try
            {
                using WorkBudget.Room room = await engine.Budget.EnterAsync(count, parts.Token);
                return await upload.SendPartAsync(number, S3Body.Of(content.AsMemory(0, count)), parts.Token);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(content);
                buffers.Release();
            }
        });
    }

    private void ReturnBuffer()
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = null;
            buffers.Release();
        }
    }
}
