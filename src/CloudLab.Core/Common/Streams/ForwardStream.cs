namespace CloudLab.Core.Common.Streams;

/// <summary>Base of streams that are read once, from beginning to end: only the reading itself is left to write.</summary>
internal abstract class ForwardStream : PassingStream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanWrite => false;

    /// <inheritdoc/>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public sealed override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => base.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public sealed override void Flush()
    {
    }
}
