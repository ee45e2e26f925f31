using CloudLab.Core.Common.Streams;

namespace CloudLab.Host.Output;

/// <summary>A stream to write to that never fails: what cannot be written is left out.</summary>
/// <param name="stream">Where it goes.</param>
internal sealed class LossyStream(Stream stream) : WriteOnlyStream
{
    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            stream.Write(buffer.Span);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is nowhere to say so.
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }
}
