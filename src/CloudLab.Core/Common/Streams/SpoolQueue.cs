using System.Buffers.Binary;

namespace CloudLab.Core.Common.Streams;

/// <summary>
/// Pieces of bytes from one writer to one reader in their order, without ever keeping the writer waiting for the reader: what does not fit in memory
/// waits in a temporary file.
/// </summary>
/// <param name="mostInMemory">Bytes that wait in memory.</param>
internal sealed class SpoolQueue(int mostInMemory) : IDisposable
{
    private const int HeadLength = 5;

    private readonly Lock gate = new();
    private readonly SemaphoreSlim available = new(0);
    private readonly Queue<(byte Mark, byte[] Bytes)> memory = [];
    private FileStream? file;
    private long inMemory, written, read;
    private bool complete, disposed;
    private Exception? broken;

    /// <summary>Adds a piece.</summary>
    /// <param name="mark">What the reader is to know of it.</param>
    /// <param name="bytes">The bytes, which are copied.</param>
    public void Add(byte mark, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (disposed)
            {
                return;
            }

            // What comes after a piece in the file has to wait there too.
            if (read == written && inMemory + bytes.Length <= mostInMemory)
            {
                memory.Enqueue((mark, bytes.ToArray()));
                inMemory += bytes.Length;
            }
            else
            {
                file ??= SpoolFile.Create(Path.Combine(Path.GetTempPath(), $"cloudlab-output-{Guid.NewGuid():N}"), 256 << 10);
                file.Position = written;
                Span<byte> head = stackalloc byte[HeadLength];
                head[0] = mark;
                BinaryPrimitives.WriteInt32LittleEndian(head[1..], bytes.Length);
                file.Write(head);
                file.Write(bytes);
                written = file.Position;
            }

            available.Release();
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="why">What the reader is to hear after the last piece; null for a good end.</param>
    public void Complete(Exception? why)
    {
        lock (gate)
        {
            (complete, broken) = (true, why);
            if (!disposed)
            {
                available.Release();
            }
        }
    }

    /// <summary>Takes the next piece.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The piece; null at the end. Throws what the queue was completed with.</returns>
    public async ValueTask<(byte Mark, byte[] Bytes)?> NextAsync(CancellationToken cancellation)
    {
        await available.WaitAsync(cancellation);
        lock (gate)
        {
            if (memory.TryDequeue(out (byte Mark, byte[] Bytes) piece))
            {
                inMemory -= piece.Bytes.Length;
                return piece;
            }

            if (read < written && file is not null)
            {
                return FromFile(file);
            }

            // Whoever asks again hears the same.
            available.Release();
            return complete && broken is null ? null : throw broken ?? new ObjectDisposedException(nameof(SpoolQueue));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            memory.Clear();
            file?.Dispose();
            file = null;
            available.Release();
        }
    }

    private (byte Mark, byte[] Bytes) FromFile(FileStream from)
    {
        from.Position = read;
        Span<byte> head = stackalloc byte[HeadLength];
        from.ReadExactly(head);
        byte[] bytes = new byte[BinaryPrimitives.ReadInt32LittleEndian(head[1..])];
        from.ReadExactly(bytes);
        read = from.Position;
        if (read == written)
        {
            read = written = 0;
            from.SetLength(0);
        }

        return (head[0], bytes);
    }
}
