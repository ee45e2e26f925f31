using System.Globalization;
using System.Text;

namespace CloudLab.Emulator.Http;

/// <summary>One request and its answer. The handler reads <see cref="Body"/>, then answers once.</summary>
public sealed class HttpExchange
{
    private readonly HttpConnection connection;
    private readonly HttpBodyStream body;
    private readonly CancellationTokenSource aborted;
    private readonly bool http10;
    private byte[]? pendingHead;
    private CancellationTokenSource? watching;
    private Task? watch;
    private bool chunked;
    private bool unframed;
    private long remaining;

    internal HttpExchange(
        HttpConnection connection, string method, string target, HttpHeaderList headers, HttpBodyStream body, bool http10,
        CancellationTokenSource aborted)
    {
        this.connection = connection;
        this.body = body;
        this.http10 = http10;
        this.aborted = aborted;
        Method = method;
        Target = target;
        Headers = headers;
        Aborted = aborted.Token;
        CloseAfter = http10 || headers.Get("Connection")?.Contains("close", StringComparison.OrdinalIgnoreCase) == true;
        int question = target.IndexOf('?', StringComparison.Ordinal);
        RawPath = question < 0 ? target : target[..question];
        RawQuery = question < 0 ? "" : target[(question + 1)..];
    }

    /// <summary>The clock of the Date header: clients that are far from it sign with its time.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>GET, PUT, …, upper case as sent.</summary>
    public string Method { get; }

    /// <summary>Path and query exactly as they stood in the request line: nothing decoded, nothing normalized.</summary>
    public string Target { get; }

    /// <summary>The target up to the question mark, percent-encoded as sent.</summary>
    public string RawPath { get; }

    /// <summary>The target after the question mark, percent-encoded as sent; empty if there is none.</summary>
    public string RawQuery { get; }

    /// <summary>Request headers; a character is a byte (Latin-1), so that what was signed stays what it was.</summary>
    public HttpHeaderList Headers { get; }

    /// <summary>Request body without transfer coding. What the handler leaves unread is drained or the connection closed.</summary>
    public Stream Body => body;

    /// <summary>
    /// Cancelled when the server stops, when the exchange is over, when writing fails, and, for an answer of unknown
    /// length (a watch, a log), when the client closes its side. A client that half-closes after an ordinary request
    /// still gets its answer.
    /// </summary>
    public CancellationToken Aborted { get; }

    /// <summary>True once the status line is decided.</summary>
    public bool Started { get; private set; }

    /// <summary>True when the connection must not serve another request.</summary>
    internal bool CloseAfter { get; private set; }

    /// <summary>
    /// Sends the status line and headers: at once where the length is unknown, else with the first piece of the body.
    /// </summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="headers">Headers; Content-Length and Transfer-Encoding are set here.</param>
    /// <param name="contentLength">Length of the body in bytes, or null for one of unknown length (chunked).</param>
    /// <returns>Done when sent.</returns>
    public async Task StartAsync(int status, HttpHeaderList headers, long? contentLength)
    {
        if (Started)
        {
            throw new InvalidOperationException("The answer has begun already.");
        }

        StringBuilder head = new(256);
        head.Append("HTTP/1.1 ").Append(status.ToString(CultureInfo.InvariantCulture)).Append(' ')
            .Append(HttpStatusText.Of(status)).Append("\r\n");
        foreach ((string name, string value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (!headers.Contains("Date"))
        {
            head.Append("Date: ").Append(Clock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture)).Append("\r\n");
        }

        bool bodyAllowed = status is not (204 or 304) && status >= 200;
        if (contentLength is { } length)
        {
            if (bodyAllowed)
            {
                head.Append("Content-Length: ").Append(length.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
            }

            remaining = Method == "HEAD" || !bodyAllowed ? 0 : length;
        }
        else if (bodyAllowed && Method != "HEAD")
        {
            chunked = !http10;
            unframed = http10;
            if (chunked)
            {
                head.Append("Transfer-Encoding: chunked\r\n");
            }
        }

        // A body that the client still holds back can no longer be asked for.
        if (headers.Get("Connection") is "close" || body.AwaitsContinue)
        {
            CloseAfter = true;
        }

        if (CloseAfter && !headers.Contains("Connection"))
        {
            head.Append("Connection: close\r\n");
        }

        head.Append("\r\n");
        Started = true;
        pendingHead = Encoding.Latin1.GetBytes(head.ToString());
        if (contentLength is null)
        {
            await FlushHeadAsync();
            StartWatch();
        }
    }

    /// <summary>Sends a piece of the body and flushes it, so that a watcher sees it at once.</summary>
    /// <param name="data">Bytes; dropped for a HEAD request.</param>
    /// <returns>Done when sent.</returns>
    public async Task WriteAsync(ReadOnlyMemory<byte> data)
    {
        if (data.Length == 0)
        {
            return;
        }

        if (chunked)
        {
            byte[] size = Encoding.ASCII.GetBytes(data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
            byte[] frame = new byte[size.Length + data.Length + 2];
            size.CopyTo(frame, 0);
            data.Span.CopyTo(frame.AsSpan(size.Length));
            frame[^2] = (byte)'\r';
            frame[^1] = (byte)'\n';
            await SendAsync(frame);
        }
        else if (unframed)
        {
            await SendAsync(data);
        }
        else if (remaining > 0)
        {
            int count = (int)Math.Min(remaining, data.Length);
            remaining -= count;
            if (pendingHead is { } head && count <= 16 * 1024)
            {
                // One packet for a small answer.
                pendingHead = null;
                byte[] all = new byte[head.Length + count];
                head.CopyTo(all, 0);
                data.Span[..count].CopyTo(all.AsSpan(head.Length));
                await SendAsync(all);
            }
            else
            {
                await FlushHeadAsync();
                await SendAsync(data[..count]);
            }
        }
    }

    /// <summary>Answers in one go.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="headers">Headers without Content-Length.</param>
    /// <param name="content">The whole body.</param>
    /// <returns>Done when sent.</returns>
    public async Task RespondAsync(int status, HttpHeaderList headers, ReadOnlyMemory<byte> content = default)
    {
        await StartAsync(status, headers, content.Length);
        await WriteAsync(content);
        await FlushHeadAsync();
    }

    /// <summary>Gives the connection over to another protocol (101); it is closed afterwards.</summary>
    /// <param name="headers">Headers of the answer.</param>
    /// <returns>The connection.</returns>
    public async Task<Stream> UpgradeAsync(HttpHeaderList headers)
    {
        StringBuilder head = new("HTTP/1.1 101 Switching Protocols\r\n");
        foreach ((string name, string value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        Started = true;
        CloseAfter = true;
        await SendAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()));
        return new HttpUpgradedStream(connection);
    }

    /// <summary>Makes the server close the connection after this answer.</summary>
    public void Close() => CloseAfter = true;

    /// <summary>Ends the answer when the handler is through.</summary>
    /// <returns>Done when sent.</returns>
    internal async Task CompleteAsync()
    {
        if (!Started)
        {
            await RespondAsync(500, []);
        }

        await FlushHeadAsync();
        await StopWatchAsync();
        if (chunked)
        {
            await SendAsync("0\r\n\r\n"u8.ToArray());
        }
        else if (remaining > 0)
        {
            // Fewer bytes than announced: the only honest end is a broken connection.
            CloseAfter = true;
        }
    }

    /// <summary>Answers 500 after the handler has thrown before it answered.</summary>
    /// <returns>False when the client cannot be reached any more.</returns>
    internal async Task<bool> TryFailAsync()
    {
        try
        {
            Started = true;
            CloseAfter = true;
            await connection.WriteAsync(
                "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), CancellationToken.None);
            return true;
        }
        catch (ClientGoneException)
        {
            return false;
        }
    }

    private async Task FlushHeadAsync()
    {
        if (pendingHead is { } head)
        {
            pendingHead = null;
            await SendAsync(head);
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> data)
    {
        try
        {
            await connection.WriteAsync(data, Aborted);
        }
        catch
        {
            await aborted.CancelAsync();
            throw;
        }
    }

    private void StartWatch()
    {
        if (body.Done && !http10)
        {
            watching = CancellationTokenSource.CreateLinkedTokenSource(Aborted);
            watch = WatchAsync(watching.Token);
        }
    }

    private async Task WatchAsync(CancellationToken cancellation)
    {
        if (await connection.WatchForCloseAsync(cancellation) && !cancellation.IsCancellationRequested)
        {
            await aborted.CancelAsync();
        }
    }

    private async Task StopWatchAsync()
    {
        if (watch is not null)
        {
            await watching!.CancelAsync();
            await watch;
            watching.Dispose();
            watch = null;
        }
    }
}
