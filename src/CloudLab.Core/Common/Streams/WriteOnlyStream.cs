namespace CloudLab.Core.Common.Streams;

/// <summary>Base of streams that are written once, from beginning to end: only the writing itself is left to write.</summary>
internal abstract class WriteOnlyStream : PassingStream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => true;

    /// <inheritdoc/>
    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);
}
