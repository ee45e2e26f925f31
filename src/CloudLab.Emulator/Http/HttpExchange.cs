using System.Globalization;
using System.Text;

namespace CloudLab.Emulator.Http;

/// <summary>One request and its answer. The handler reads <see cref="Body"/>, then answers once.</summary>
public sealed class HttpExchange
{
    private readonly HttpConnection connection;
    private bool chunked;
    private long remaining;

    internal HttpExchange(
        HttpConnection connection, string method, string target, HttpHeaderList headers, Stream body,
        CancellationToken aborted)
    {
        this.connection = connection;
        Method = method;
        Target = target;
        Headers = headers;
        Body = body;
        Aborted = aborted;
        int question = target.IndexOf('?', StringComparison.Ordinal);
        RawPath = question < 0 ? target : target[..question];
        RawQuery = question < 0 ? "" : target[(question + 1)..];
    }

    /// <summary>GET, PUT, …, upper case as sent.</summary>
    public string Method { get; }

    /// <summary>Path and query exactly as they stood in the request line: nothing decoded, nothing normalized.</summary>
    public string Target { get; }

    /// <summary>The target up to the question mark, percent-encoded as sent.</summary>
    public string RawPath { get; }

    /// <summary>The target after the question mark, percent-encoded as sent; empty if there is none.</summary>
    public string RawQuery { get; }

    /// <summary>Request headers.</summary>
    public HttpHeaderList Headers { get; }

    /// <summary>Request body without transfer coding. What the handler leaves unread is drained or the connection closed.</summary>
    public Stream Body { get; }

    /// <summary>Cancelled when the client goes away or the server stops.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>True once the status line is sent.</summary>
    public bool Started { get; private set; }

    /// <summary>True when the connection must not serve another request.</summary>
    internal bool CloseAfter { get; private set; }

    /// <summary>Sends the status line and headers.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="headers">Headers; Content-Length and Transfer-Encoding are set here.</param>
    /// <param name="contentLength">Length of the body in bytes, or null for one of unknown length (chunked).</param>
    /// <returns>Done when sent.</returns>
    public async Task StartAsync(int status, HttpHeaderList headers, long? contentLength)
    {
        StringBuilder head = new(256);
        head.Append("HTTP/1.1 ").Append(status.ToString(CultureInfo.InvariantCulture)).Append(' ')
            .Append(HttpStatusText.Of(status)).Append("\r\n");
        foreach ((string name, string value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        bool bodyAllowed = status is not (204 or 304) && status >= 200;
        if (!headers.Contains("Date"))
        {
            head.Append("Date: ").Append(DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture)).Append("\r\n");
        }

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
            chunked = true;
            head.Append("Transfer-Encoding: chunked\r\n");
        }

        if (headers.Get("Connection") is "close" || Headers.Get("Connection") is "close" or "Close")
        {
            CloseAfter = true;
        }

        head.Append("\r\n");
        Started = true;
        await connection.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()), Aborted);
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
            await connection.WriteAsync(frame, Aborted);
        }
        else if (remaining > 0)
        {
            int count = (int)Math.Min(remaining, data.Length);
            remaining -= count;
            await connection.WriteAsync(data[..count], Aborted);
        }
    }

    /// <summary>Answers in one go.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="headers">Headers without Content-Length.</param>
    /// <param name="body">The whole body.</param>
    /// <returns>Done when sent.</returns>
    public async Task RespondAsync(int status, HttpHeaderList headers, ReadOnlyMemory<byte> body = default)
    {
        await StartAsync(status, headers, body.Length);
        await WriteAsync(body);
    }

    /// <summary>Makes the server close the connection after this answer.</summary>
    public void Close() => CloseAfter = true;

    internal async Task CompleteAsync()
    {
        if (!Started)
        {
            await RespondAsync(500, []);
        }

        if (chunked)
        {
            await connection.WriteAsync("0\r\n\r\n"u8.ToArray(), Aborted);
        }
        else if (remaining > 0)
        {
            // Fewer bytes than announced: the only honest end is a broken connection.
            CloseAfter = true;
        }
    }
}
