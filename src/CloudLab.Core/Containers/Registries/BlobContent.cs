using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;

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
    private readonly Action onPiece;
    private ExceptionDispatchInfo? failure;

    /// <summary>Prepares the body.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">Where the rest begins.</param>
    /// <param name="open">Opens the source.</param>
    /// <param name="digest">Hears what passes by.</param>
    /// <param name="onBytes">Told of bytes that are sent.</param>
    /// <param name="onPiece">Told that the registry still takes them.</param>
    public BlobContent(
        ImageBlob blob, long offset, Func<long, CancellationToken, Task<Stream>> open, BlobDigest digest, Action<long> onBytes, Action onPiece)
    {
        (this.blob, this.offset, this.open, this.digest, this.onBytes, this.onPiece) = (blob, offset, open, digest, onBytes, onPiece);
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
    public void ThrowIfSourceFailed() => failure?.Throw();

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
                int count = await FromSource(() => source.ReadAsync(buffer, cancellationToken).AsTask());
                if (count == 0)
                {
                    break;
                }

                digest.Add(offset + Sent, buffer.AsSpan(0, count));
                if (offset + Sent + count > blob.Size)
                {
                    FromSource(() => digest.Check("The source"));
                }

                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                Sent += count;
                onBytes(count);
                onPiece();
            }

            if (offset + Sent < blob.Size)
            {
                FromSource(() => digest.Check("The source"));
            }
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
            failure = ExceptionDispatchInfo.Capture(e);
            throw;
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
            failure = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }
}
