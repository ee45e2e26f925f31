using System.Globalization;
using CloudLab.Core.Common.Streams;

namespace CloudLab.Emulator.Http;

/// <summary>Request body: by length or in chunks; answers "100 Continue" when it is first read.</summary>
internal sealed class HttpBodyStream : ForwardStream
{
    private readonly HttpConnection connection;
    private readonly bool chunked;
    private long left;

    public HttpBodyStream(HttpConnection connection, HttpHeaderList headers, bool http10)
    {
        this.connection = connection;
        chunked = headers.Contains("Transfer-Encoding");
        left = !chunked && headers.Get("Content-Length") is { } length ? long.Parse(length, CultureInfo.InvariantCulture) : 0;
        Done = !chunked && left == 0;
        AwaitsContinue = !Done && !http10 && headers.Get("Expect")?.Equals("100-continue", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>True when everything was read.</summary>
    public bool Done { get; private set; }

    /// <summary>True while the client holds the body back until it is asked for it.</summary>
    public bool AwaitsContinue { get; private set; }

    /// <summary>Looks whether the headers say clearly where the body ends (RFC 9112, section 6.3).</summary>
    /// <param name="headers">Request headers.</param>
    /// <returns>Status line of the refusal, or null.</returns>
    public static string? Check(HttpHeaderList headers)
    {
        if (headers.Get("Transfer-Encoding") is { } coding)
        {
            return !coding.Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase) ? "501 Not Implemented"
                : headers.Contains("Content-Length") ? "400 Bad Request"
                : null;
        }

        string[] lengths = headers.All("Content-Length").Distinct().ToArray();
        return lengths.Length > 1
            || (lengths.Length == 1 && !long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
                ? "400 Bad Request"
                : null;
    }

    /// <summary>Reads what the handler left, so that the next request can be found.</summary>
    /// <param name="limit">Bytes to read at most.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>True when the end is reached.</returns>
    public async Task<bool> DrainAsync(long limit, CancellationToken cancellation)
    {
        if (Done)
        {
            return true;
        }

        if (AwaitsContinue)
        {
            return false;
        }

        byte[] scrap = new byte[64 * 1024];
        long total = 0;
        int read;
        while ((read = await ReadAsync(scrap, cancellation)) > 0)
        {
            if ((total += read) > limit)
            {
                return false;
            }
        }

        return true;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Done || buffer.Length == 0)
        {
            return 0;
        }

        if (AwaitsContinue)
        {
            AwaitsContinue = false;
            await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        }

        if (chunked && left == 0 && !await NextChunkAsync(cancellationToken))
        {
            return 0;
        }

        int count = await connection.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        if (count == 0)
        {
            throw new ClientGoneException("The client closed the connection inside the body.");
        }

        left -= count;
        if (left == 0 && !chunked)
        {
            Done = true;
        }
        else if (left == 0)
        {
            await connection.ReadLineAsync(cancellationToken);
        }

        return count;
    }

    private async Task<bool> NextChunkAsync(CancellationToken cancellation)
    {
        string size = (await connection.ReadLineAsync(cancellation)
            ?? throw new ClientGoneException("The client closed the connection inside the body.")).Split(';')[0].Trim();
        if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out left) || left < 0)
        {
            throw new ClientGoneException("The size of a chunk is no hexadecimal number.");
        }

        if (left > 0)
        {
            return true;
        }

        while (await connection.ReadLineAsync(cancellation) is { Length: > 0 })
        {
            // Trailer fields of the transfer coding; nothing here uses them.
        }

        Done = true;
        return false;
    }
}
