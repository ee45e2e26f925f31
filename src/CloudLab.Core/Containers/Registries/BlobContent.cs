using System.Net;
using System.Net.Http.Headers;

namespace CloudLab.Core.Containers.Registries;

/// <summary>The rest of a blob as the body of a request: read from its source while it is sent, never held as a whole.</summary>
internal sealed class BlobContent : HttpContent
{
    private const int PieceSize = 1 << 17;

    private readonly ImageBlob blob;
    private readonly long offset;
    private readonly Func<long, CancellationToken, Task<Stream>> open;
    private readonly BlobDigest digest;
    private readonly Action<long> onBytes;
    private readonly Action<TimeSpan?> onStep;
    private SourceFailedException? failure;

    /// <summary>Prepares the body.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">Where the rest begins.</param>
    /// <param name="open">Opens the source.</param>
    /// <param name="digest">Hears what passes by.</param>
    /// <param name="onBytes">Told of bytes that are sent.</param>
    /// <param name="onStep">Told how long the registry may take for the next step; null for the usual time.</param>
    public BlobContent(
        ImageBlob blob, long offset, Func<long, CancellationToken, Task<Stream>> open, BlobDigest digest, Action<long> onBytes, Action<TimeSpan?> onStep)
    {
        (this.blob, this.offset, this.open, this.digest, this.onBytes, this.onStep) = (blob, offset, open, digest, onBytes, onStep);
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (offset > 0)
        {
            // The specification has it without a unit.
            Headers.TryAddWithoutValidation("Content-Range", FormattableString.Invariant($"{offset}-{blob.Size - 1}"));
        }
    }

    /// <summary>Bytes that were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Throws what went wrong at the source: HttpClient only says that something did.</summary>
    public void ThrowIfSourceFailed()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            await using Stream source = await FromSource(() => open(offset, cancellationToken));
            while (true)
            {
                // The time that the source takes, which has a limit of its own, is not the registry's.
                onStep(Timeout.InfiniteTimeSpan);
                int count = await FromSource(() => source.ReadAsync(buffer, cancellationToken).AsTask());
                if (count == 0)
                {
                    break;
                }

                digest.Add(offset + Sent, buffer.AsSpan(0, count));
                if (offset + Sent + count > blob.Size)
                {
                    FromSource(() => digest.Check("the source"));
                }

                onStep(null);
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                Sent += count;
                onBytes(count);
            }

            if (offset + Sent < blob.Size)
            {
                FromSource(() => digest.Check("the source"));
            }

            onStep(null);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = blob.Size - offset;
        return true;
    }

    private void FromSource(Action check)
    {
        try
        {
            check();
        }
        catch (Exception e)
        {
            throw failure = new SourceFailedException(e);
        }
    }

    private async Task<T> FromSource<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw failure = new SourceFailedException(e);
        }
    }
}

/// <summary>Tells what goes wrong where a blob comes from from what goes wrong at the registry that it goes to.</summary>
/// <param name="cause">What went wrong.</param>
internal sealed class SourceFailedException(Exception cause) : Exception(cause.Message, cause);
