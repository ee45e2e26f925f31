using System.Buffers;
using System.Runtime.CompilerServices;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>The data of one upload, as it was received.</summary>
internal abstract class BlobSegment
{
    /// <summary>Names the segment in the data folder; empty in memory.</summary>
    public abstract string Id { get; }

    /// <summary>Reads a range, piece by piece. Each piece is valid until the next is asked for.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>The pieces.</returns>
    public abstract IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(long offset, long length, CancellationToken cancellation);

    /// <summary>Adds a holder.</summary>
    public virtual void Hold()
    {
    }

    /// <summary>Takes a holder away; what nobody holds goes.</summary>
    public virtual void Release()
    {
    }
}

/// <summary>A segment in memory: chunks, so that a gigabyte never needs one block. The garbage collector takes it.</summary>
/// <param name="chunks">The data.</param>
internal sealed class MemorySegment(IReadOnlyList<ReadOnlyMemory<byte>> chunks) : BlobSegment
{
    public override string Id => "";

#pragma warning disable CS1998 // Nothing to wait for in memory.
    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        long offset, long length, [EnumeratorCancellation] CancellationToken cancellation)
#pragma warning restore CS1998
    {
        foreach (ReadOnlyMemory<byte> chunk in chunks)
        {
            if (offset >= chunk.Length)
            {
                offset -= chunk.Length;
                continue;
            }

            int count = (int)Math.Min(chunk.Length - offset, length);
            if (count == 0)
            {
                yield break;
            }

            cancellation.ThrowIfCancellationRequested();
            yield return chunk.Slice((int)offset, count);
            length -= count;
            offset = 0;
        }
    }
}

/// <summary>A segment in a file.</summary>
/// <param name="path">The file.</param>
internal sealed class FileSegment(string path) : BlobSegment
{
    private const int PieceSize = 256 * 1024;
    private int holders;

    public override string Id => Path.GetFileName(path);

    public override void Hold() => Interlocked.Increment(ref holders);

    public override void Release()
    {
        if (Interlocked.Decrement(ref holders) == 0)
        {
            try
            {
                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next start removes what no object refers to.
            }
        }
    }

    public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        long offset, long length, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, useAsync: false);
        file.Position = offset;
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(PieceSize, length));
        try
        {
            while (length > 0)
            {
                int count = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length)), cancellation);
                if (count == 0)
                {
                    throw new InvalidDataException($"{path} is shorter than it was.");
                }

                yield return buffer.AsMemory(0, count);
                length -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
