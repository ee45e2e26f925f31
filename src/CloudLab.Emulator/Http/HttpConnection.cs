using System.Globalization;
using System.Text;

namespace CloudLab.Emulator.Http;

/// <summary>One client connection: reads requests one after the other (HTTP/1.1, RFC 9112) and writes the answers.</summary>
internal sealed class HttpConnection(Stream stream) : IDisposable
{
    private const int MaxHead = 256 * 1024;
    private const int DrainLimit = 4 * 1024 * 1024;

    private readonly byte[] buffer = new byte[64 * 1024];
    private int start, end;

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>Serves requests until the client or the server has enough.</summary>
    /// <param name="handler">Answers one request.</param>
    /// <param name="stopping">Cancelled when the server stops.</param>
    /// <returns>Done when the connection is over.</returns>
    public async Task ServeAsync(HttpHandler handler, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            if (await ReadHeadAsync(stopping) is not { } head)
            {
                return;
            }

            string[] line = head[0].Split(' ');
            if (line.Length != 3 || !line[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
            {
                await WriteAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), stopping);
                return;
            }

            HttpHeaderList headers = [];
            foreach (string field in head.Skip(1))
            {
                int colon = field.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0)
                {
                    headers.Add(field[..colon], field[(colon + 1)..].Trim());
                }
            }

            BodyStream body = new(this, headers);
            HttpExchange exchange = new(this, line[0], line[1], headers, body, stopping);
            await handler(exchange);
            await exchange.CompleteAsync();
            if (exchange.CloseAfter || line[2] == "HTTP/1.0" || !await body.DrainAsync(DrainLimit, stopping))
            {
                return;
            }
        }
    }

    /// <summary>Writes bytes to the client.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="cancellation">Cancels the write.</param>
    /// <returns>Done when handed to the network.</returns>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation) =>
        stream.WriteAsync(data, cancellation);

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        start = 0;
        end = await stream.ReadAsync(buffer, cancellation);
        return end > 0;
    }

    private async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (start == end)
        {
            if (target.Length >= buffer.Length)
            {
                return await stream.ReadAsync(target, cancellation);
            }

            if (!await FillAsync(cancellation))
            {
                return 0;
            }
        }

        int count = Math.Min(target.Length, end - start);
        buffer.AsMemory(start, count).CopyTo(target);
        start += count;
        return count;
    }

    private async Task<List<string>?> ReadHeadAsync(CancellationToken cancellation)
    {
        List<string> lines = [];
        int total = 0;
        while (true)
        {
            if (await ReadLineAsync(cancellation) is not { } line)
            {
                return null;
            }

            total += line.Length;
            if (total > MaxHead)
            {
                return null;
            }

            if (line.Length > 0)
            {
                lines.Add(line);
            }
            else if (lines.Count > 0)
            {
                return lines;
            }
        }
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        StringBuilder? long_ = null;
        while (true)
        {
            if (start == end && !await FillAsync(cancellation))
            {
                return null;
            }

            int newline = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            int count = newline < 0 ? end - start : newline;
            // Latin-1 keeps every byte of a header as it was signed.
            string piece = Encoding.Latin1.GetString(buffer, start, count);
            start += newline < 0 ? count : count + 1;
            if (newline < 0)
            {
                long_ ??= new StringBuilder();
                if (long_.Append(piece).Length > MaxHead)
                {
                    return null;
                }

                continue;
            }

            return (long_ is null ? piece : long_.Append(piece).ToString()).TrimEnd('\r');
        }
    }

    /// <summary>Request body: by length or in chunks; answers "100 Continue" when it is first read.</summary>
    private sealed class BodyStream : Stream
    {
        private readonly HttpConnection connection;
        private readonly bool chunked;
        private bool expectsContinue;
        private bool done;
        private long left;

        public BodyStream(HttpConnection connection, HttpHeaderList headers)
        {
            this.connection = connection;
            chunked = headers.Get("Transfer-Encoding")?.Contains("chunked", StringComparison.OrdinalIgnoreCase) == true;
            left = !chunked && long.TryParse(headers.Get("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out long length)
                ? length
                : 0;
            done = !chunked && left == 0;
            expectsContinue = !done && headers.Get("Expect")?.Equals("100-continue", StringComparison.OrdinalIgnoreCase) == true;
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>Reads what the handler left, so that the next request can be found.</summary>
        public async Task<bool> DrainAsync(int limit, CancellationToken cancellation)
        {
            if (done)
            {
                return true;
            }

            if (expectsContinue)
            {
                return false;
            }

            byte[] scrap = new byte[32 * 1024];
            int total = 0, read;
            while ((read = await ReadAsync(scrap, cancellation)) > 0)
            {
                if ((total += read) > limit)
                {
                    return false;
                }
            }

            return true;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken = default)
        {
            if (done || target.Length == 0)
            {
                return 0;
            }

            if (expectsContinue)
            {
                expectsContinue = false;
                await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
            }

            if (chunked && left == 0 && !await NextChunkAsync(cancellationToken))
            {
                return 0;
            }

            int count = await connection.ReadAsync(target[..(int)Math.Min(target.Length, left)], cancellationToken);
            if (count == 0)
            {
                throw new EndOfStreamException("The client closed the connection inside the body.");
            }

            left -= count;
            if (left == 0 && !chunked)
            {
                done = true;
            }
            else if (left == 0)
            {
                await connection.ReadLineAsync(cancellationToken);
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private async Task<bool> NextChunkAsync(CancellationToken cancellation)
        {
            string size = (await connection.ReadLineAsync(cancellation) ?? throw new EndOfStreamException()).Split(';')[0].Trim();
            if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out left) || left < 0)
            {
                throw new InvalidDataException("The size of a chunk is no hexadecimal number.");
            }

            if (left > 0)
            {
                return true;
            }

            while (await connection.ReadLineAsync(cancellation) is { Length: > 0 })
            {
                // Trailer fields of the transfer coding; nothing here uses them.
            }

            done = true;
            return false;
        }
    }
}
