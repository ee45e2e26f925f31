namespace CloudLab.Core.Common.Streams;

/// <summary>A stream whose beginning was read already.</summary>
/// <param name="start">What was read.</param>
/// <param name="rest">The stream.</param>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> start, Stream rest) : ForwardStream
{
    private ReadOnlyMemory<byte> left = start;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left.Length == 0)
        {
            return await rest.ReadAsync(buffer, cancellationToken);
        }

        int count = Math.Min(left.Length, buffer.Length);
        left[..count].CopyTo(buffer);
        left = left[count..];
        return count;
    }
}
