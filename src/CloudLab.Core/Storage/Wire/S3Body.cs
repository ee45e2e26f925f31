using System.Buffers;
using System.Net;
using CloudLab.Core.Storage.Transfers;
using Microsoft.Win32.SafeHandles;

namespace CloudLab.Core.Storage.Wire;

/// <summary>The body of a request, which can be sent more than once.</summary>
internal abstract class S3Body
{
    /// <summary>Bytes in one read and one write.</summary>
    public const int ChunkSize = 256 * 1024;

    /// <summary>A body of nothing.</summary>
    public static S3Body Empty { get; } = new Bytes(ReadOnlyMemory<byte>.Empty);

    /// <summary>Its length in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>A body in memory.</summary>
    /// <param name="content">The bytes; not copied.</param>
    /// <returns>The body.</returns>
    public static S3Body Of(ReadOnlyMemory<byte> content) => new Bytes(content);

    /// <summary>A piece of a file, read when it is sent and again for another try.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="offset">Where the piece begins.</param>
    /// <param name="length">Its length.</param>
    /// <param name="refuseChange">Throws where the file is not what it was; asked when all is read and before the last of it is sent.</param>
    /// <returns>The body.</returns>
    public static S3Body Of(SafeFileHandle file, string path, long offset, long length, Action refuseChange) =>
        new FilePiece(file, path, offset, length, refuseChange);

    /// <summary>Reads the body from beginning to end.</summary>
    /// <param name="take">Gets each piece; it is valid during the call only.</param>
    public abstract void Read(ReadOnlySpanAction take);

    /// <summary>What HttpClient sends.</summary>
    /// <returns>A content of this length.</returns>
    public HttpContent ToContent() => new Content(this);

    /// <summary>Sends the body.</summary>
    /// <param name="to">The connection.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Done when all of it is written.</returns>
    protected abstract Task WriteAsync(Stream to, CancellationToken cancellation);

    /// <summary>Takes a piece of a body.</summary>
    /// <param name="piece">The bytes.</param>
    public delegate void ReadOnlySpanAction(ReadOnlySpan<byte> piece);

    private sealed class Bytes(ReadOnlyMemory<byte> content) : S3Body
    {
        public override long Length => content.Length;

        public override void Read(ReadOnlySpanAction take) => take(content.Span);

        protected override Task WriteAsync(Stream to, CancellationToken cancellation) => to.WriteAsync(content, cancellation).AsTask();
    }

    private sealed class FilePiece(SafeFileHandle file, string path, long offset, long length, Action refuseChange) : S3Body
    {
        public override long Length => length;

        public override void Read(ReadOnlySpanAction take)
        {
            bool whole;
            try
            {
                whole = LocalFiles.ReadPiece(file, offset, length, take);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFiles.CannotRead(path, e);
            }

            if (!whole)
            {
                throw LocalFiles.Changed(path);
            }
        }

        protected override async Task WriteAsync(Stream to, CancellationToken cancellation)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
            try
            {
                for (long done = 0; done < length;)
                {
                    // Read a moment ago for its hash, so it is in memory: a synchronous read is the quickest.
                    int count = ReadAt(buffer, done);
                    if (done + count == length)
                    {
                        // A request that does not end stores nothing.
                        refuseChange();
                    }

                    await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
                    done += count;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        private int ReadAt(byte[] buffer, long done)
        {
            int count;
            try
            {
                count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(ChunkSize, length - done)), offset + done);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFiles.CannotRead(path, e);
            }

            return count > 0 ? count : throw LocalFiles.Changed(path);
        }
    }

    private sealed class Content : HttpContent
    {
        private readonly S3Body body;

        public Content(S3Body body)
        {
            this.body = body;
            Headers.ContentLength = body.Length;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            body.WriteAsync(stream, cancellationToken);
    }
}
