using System.Runtime.CompilerServices;

namespace CloudLab.Emulator.S3.Storage;

/// <summary>
/// Immutable data: slices of segments, one after the other. Joining parts and copying objects only makes new lists
/// of slices. Whoever keeps or reads one holds it: a segment's file goes with its last holder.
/// </summary>
/// <param name="slices">The slices in order.</param>
internal sealed class Blob(IReadOnlyList<BlobSlice> slices)
{
    /// <summary>Nothing.</summary>
    public static Blob Empty { get; } = new([]);

    /// <summary>The slices in order.</summary>
    public IReadOnlyList<BlobSlice> Slices { get; } = slices;

    /// <summary>Bytes.</summary>
    public long Length { get; } = slices.Sum(slice => slice.Length);

    /// <summary>Joins blobs.</summary>
    /// <param name="blobs">Blobs in order.</param>
    /// <returns>One blob that shares their segments.</returns>
    public static Blob Join(IEnumerable<Blob> blobs) => new([.. blobs.SelectMany(blob => blob.Slices)]);

    /// <summary>A piece of this blob.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <returns>A blob that shares the segments.</returns>
    public Blob Slice(long offset, long length)
    {
        List<BlobSlice> result = [];
        foreach (BlobSlice slice in Slices)
        {
            if (offset >= slice.Length)
            {
                offset -= slice.Length;
                continue;
            }

            long count = Math.Min(slice.Length - offset, length);
            if (count <= 0)
            {
                break;
            }

            result.Add(new BlobSlice(slice.Segment, slice.Offset + offset, count));
            length -= count;
            offset = 0;
        }

        return new Blob(result);
    }

    /// <summary>Adds a holder.</summary>
    /// <returns>This.</returns>
    public Blob Hold()
    {
        foreach (BlobSlice slice in Slices)
        {
            slice.Segment.Hold();
        }

        return this;
    }

    /// <summary>Takes a holder away.</summary>
    public void Release()
    {
        foreach (BlobSlice slice in Slices)
        {
            slice.Segment.Release();
        }
    }

    /// <summary>Reads a range, piece by piece. Each piece is valid until the next is asked for.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>The pieces.</returns>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        long offset, long length, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (BlobSlice slice in Slice(offset, length).Slices)
        {
            await foreach (ReadOnlyMemory<byte> piece in slice.Segment.ReadAsync(slice.Offset, slice.Length, cancellation))
            {
                yield return piece;
            }
        }
    }
}

/// <summary>A piece of a segment.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct BlobSlice(BlobSegment Segment, long Offset, long Length);
