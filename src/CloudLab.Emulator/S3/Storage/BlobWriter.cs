namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// Takes the data of one upload: fill <see cref="GetMemory"/>, then <see cref="AdvanceAsync"/>; nothing is copied twice.
/// Disposed before <see cref="CommitAsync"/>, it leaves nothing behind.
/// </summary>
internal abstract class BlobWriter : IAsyncDisposable
{
    /// <summary>Room for the next bytes.</summary>
    /// <returns>Never empty.</returns>
    public abstract Memory<byte> GetMemory();

    /// <summary>Keeps the first bytes of that room.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Cancels a write.</param>
    /// <returns>Done when the bytes are taken.</returns>
    public abstract ValueTask AdvanceAsync(int count, CancellationToken cancellation);

    /// <summary>Ends the upload.</summary>
    /// <param name="cancellation">Cancels a write.</param>
    /// <returns>The data, held once by the caller.</returns>
    public abstract ValueTask<Blob> CommitAsync(CancellationToken cancellation);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>Keeps data in memory.</summary>
/// <param name="expected">Bytes that will come; null where nobody knows.</param>
internal sealed class MemoryBlobWriter(long? expected) : BlobWriter
{
    private const int MaxChunk = 1024 * 1024;
    private readonly List<ReadOnlyMemory<byte>> chunks = [];
    private byte[] chunk = [];
    private int used;
    private long total;

    public override Memory<byte> GetMemory()
    {
        if (used == chunk.Length)
        {
            if (used > 0)
            {
                chunks.Add(chunk);
            }

            long size = expected is { } length && length > total
                ? length - total
                : Math.Max(4096, total); // Doubles up to the largest chunk.
            chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(MaxChunk, size));
            used = 0;
        }

        return chunk.AsMemory(used);
    }

    public override ValueTask AdvanceAsync(int count, CancellationToken cancellation)
    {
        used += count;
        total += count;
        return ValueTask.CompletedTask;
    }

    public override ValueTask<Blob> CommitAsync(CancellationToken cancellation)
    {
        if (used > 0)
        {
            chunks.Add(used < chunk.Length / 2 ? chunk.AsSpan(0, used).ToArray() : chunk.AsMemory(0, used));
        }

        return ValueTask.FromResult(total == 0 ? Blob.Empty : new Blob([new BlobSlice(new MemorySegment(chunks), 0, total)]));
    }
}

/// <summary>Keeps data in a file: written under a temporary name, then renamed.</summary>
/// <param name="temporary">Temporary path.</param>
/// <param name="final">Path of the segment.</param>
internal sealed class FileBlobWriter(string temporary, string final) : BlobWriter
{
    private readonly byte[] buffer = new byte[256 * 1024];
    private FileStream? file;
    private int used;
    private long total;

    public override Memory<byte> GetMemory() => buffer.AsMemory(used);

    public override async ValueTask AdvanceAsync(int count, CancellationToken cancellation)
    {
        used += count;
        if (used == buffer.Length)
        {
            await FlushAsync(cancellation);
        }
    }

    public override async ValueTask<Blob> CommitAsync(CancellationToken cancellation)
    {
        await FlushAsync(cancellation);
        if (file is null)
        {
            return Blob.Empty;
        }

        await file.DisposeAsync();
        file = null;
        File.Move(temporary, final);
        return new Blob([new BlobSlice(new FileSegment(final), 0, total)]).Hold();
    }

    public override async ValueTask DisposeAsync()
    {
        if (file is not null)
        {
            await file.DisposeAsync();
            File.Delete(temporary);
        }
    }

    private async ValueTask FlushAsync(CancellationToken cancellation)
    {
        if (used > 0)
        {
            file ??= new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
            await file.WriteAsync(buffer.AsMemory(0, used), cancellation);
            total += used;
            used = 0;
        }
    }
}
