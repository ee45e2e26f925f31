using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Common.Archives;

/// <summary>
/// Content of a tar's entry on its way into another tar. TarWriter takes the length only from a stream that says it can seek, and else keeps the whole content in memory.
/// </summary>
/// <param name="inner">The content.</param>
/// <param name="length">Its length.</param>
internal sealed class KnownLengthStream(Stream inner, long length) : ForwardStream
{
    private long position;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override long Length => length;

    /// <inheritdoc/>
    public override long Position
    {
        get => position;
        set
        {
            if (value != position)
            {
                throw new NotSupportedException();
            }
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        position += count;
        return count;
    }
}
