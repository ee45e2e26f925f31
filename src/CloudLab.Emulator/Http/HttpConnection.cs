using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace CloudLab.Emulator.Http;

/// <summary>One client connection: reads requests one after the other (HTTP/1.1, RFC 9112) and writes the answers.</summary>
internal sealed class HttpConnection(Socket socket) : IDisposable
{
    private const int MaxHead = 256 * 1024;

    /// <summary>
    /// What is read of an upload that was refused before its end. Much, because a client that still sends when the
    /// connection breaks reports the break and not the answer.
    /// </summary>
    private const long DrainLimit = 256L * 1024 * 1024;

    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(2);

    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private readonly byte[] buffer = new byte[64 * 1024];
    private int start, end;

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>Serves requests until the client or the server has enough.</summary>
    /// <param name="handler">Answers one request.</param>
    /// <param name="failed">Told of exceptions that left the handler.</param>
    /// <param name="stopping">Cancelled when the server stops.</param>
    /// <returns>Done when the connection is over.</returns>
    public async Task ServeAsync(HttpHandler handler, Action<Exception>? failed, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested && await ReadHeadAsync(stopping) is { } head)
        {
            if (ParseHead(head, out string method, out string target, out bool http10, out HttpHeaderList headers) is { } refusal
                || (refusal = HttpBodyStream.Check(headers)) is not null)
            {
                await RefuseAsync(refusal, stopping);
                return;
            }

            using CancellationTokenSource aborted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            HttpBodyStream body = new(this, headers, http10);
            HttpExchange exchange = new(this, method, target, headers, body, http10, aborted);
            try
            {
                await handler(exchange);
                await exchange.CompleteAsync();
            }
            catch (Exception e)
            {
                // What the handler left running for this request has no client any more.
                await aborted.CancelAsync();
                if (e is not (ClientGoneException or OperationCanceledException))
                {
                    failed?.Invoke(e);
                }

                if (exchange.Started || !await exchange.TryFailAsync())
                {
                    return;
                }
            }

            await aborted.CancelAsync();
            if (exchange.CloseAfter || !await body.DrainAsync(DrainLimit, stopping))
            {
                await LingerAsync();
                return;
            }
        }
    }

    /// <summary>Writes bytes to the client.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="cancellation">Cancels the write.</param>
    /// <returns>Done when handed to the network.</returns>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        try
        {
            await stream.WriteAsync(data, cancellation);
        }
        catch (Exception e) when (IsBroken(e))
        {
            throw new ClientGoneException("The client is gone.", e);
        }
    }

    /// <summary>Reads what is there, at least one byte.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>The number of bytes; 0 when the client sends no more.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (start == end)
        {
            if (target.Length >= buffer.Length)
            {
                return await ReceiveAsync(target, cancellation);
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

    /// <summary>Reads a line.</summary>
    /// <param name="cancellation">Cancels the read.</param>
    /// <returns>The line without its end, byte for byte as Latin-1; null when the client sends no more, or no end of line.</returns>
    public async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        StringBuilder? beginning = null;
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
                beginning ??= new StringBuilder();
                if (beginning.Append(piece).Length > MaxHead)
                {
                    return null;
                }

                continue;
            }

            return (beginning is null ? piece : beginning.Append(piece).ToString()).TrimEnd('\r');
        }
    }

    /// <summary>
    /// Waits until the client closes its side or resets the connection. A next request that arrives meanwhile is kept
    /// and ends the watch. Only while nobody else reads.
    /// </summary>
    /// <param name="cancellation">Ends the watch.</param>
    /// <returns>True when the client is gone.</returns>
    public async Task<bool> WatchForCloseAsync(CancellationToken cancellation)
    {
        if (start != end)
        {
            return false;
        }

        try
        {
            return !await FillAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (ClientGoneException)
        {
            return true;
        }
    }

    private static bool IsBroken(Exception e) => e is IOException or ObjectDisposedException or SocketException;

    private static string? ParseHead(
        List<string> head, out string method, out string target, out bool http10, out HttpHeaderList headers)
    {
        headers = [];
        method = target = "";
        http10 = false;
        string[] line = head[0].Split(' ');
        if (line.Length != 3 || line[0].Length == 0 || line[1].Length == 0 || !line[2].StartsWith("HTTP/", StringComparison.Ordinal))
        {
            return "400 Bad Request";
        }

        if (!line[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return "505 HTTP Version Not Supported";
        }

        method = line[0];
        http10 = line[2] == "HTTP/1.0";
        target = line[1];
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            // The absolute form, as sent through a proxy.
            int path = target.IndexOf('/', "http://".Length);
            target = path < 0 ? "/" : target[path..];
        }

        foreach (string field in head.Skip(1))
        {
            int colon = field.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || field[0] is ' ' or '\t' || field[colon - 1] is ' ' or '\t')
            {
                return "400 Bad Request";
            }

            // A bare CR would let a stored header write headers of its own.
            string value = field[(colon + 1)..].Trim(' ', '\t');
            if (value.Contains('\r', StringComparison.Ordinal))
            {
                return "400 Bad Request";
            }

            headers.Add(field[..colon], value);
        }

        return null;
    }

    private async Task RefuseAsync(string status, CancellationToken stopping)
    {
        await WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), stopping);
        await LingerAsync();
    }

    /// <summary>Ends the connection so that the client still gets the answer while it is sending.</summary>
    private async Task LingerAsync()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            using CancellationTokenSource limit = new(LingerTime);
            long began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < LingerTime && await stream.ReadAsync(buffer, limit.Token) > 0)
            {
                // What the client still sends is of no interest.
            }
        }
        catch (Exception e) when (IsBroken(e) || e is OperationCanceledException)
        {
            // It has closed already.
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        start = end = 0;
        end = await ReceiveAsync(buffer, cancellation);
        return end > 0;
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> target, CancellationToken cancellation)
    {
        try
        {
            return await stream.ReadAsync(target, cancellation);
        }
        catch (Exception e) when (IsBroken(e))
        {
            throw new ClientGoneException("The client is gone.", e);
        }
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
                await RefuseAsync("431 Request Header Fields Too Large", cancellation);
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
}
