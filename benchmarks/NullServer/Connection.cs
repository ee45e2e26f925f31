using System.Net.Sockets;
using System.Text;

namespace CloudLab.NullServer;

/// <summary>One client: its requests one after the other, on a thread of their own.</summary>
internal sealed class Connection
{
    // Linux throws a body away without copying it.
    private static readonly SocketFlags Discard = OperatingSystem.IsLinux() ? SocketFlags.Truncated : SocketFlags.None;

    private readonly Socket socket;
    private readonly byte[] buffer = new byte[128 * 1024];
    private int start;
    private int end;

    private Connection(Socket socket) => this.socket = socket;

    /// <summary>Serves until the client hangs up.</summary>
    /// <param name="socket">The client; closed at the end.</param>
    /// <param name="service">Who answers.</param>
    public static void Serve(Socket socket, Service service)
    {
        using (socket)
        {
            socket.NoDelay = true;
            Connection connection = new(socket);
            try
            {
                while (connection.ReadHead() is { } request)
                {
                    service.Answer(request, connection);
                }
            }
            catch (SocketException)
            {
                // The client has had enough, or is no more.
            }
        }
    }

    /// <summary>Throws the body away.</summary>
    /// <param name="request">The request that it belongs to.</param>
    /// <returns>Its length.</returns>
    public long SwallowBody(Request request)
    {
        long total = 0;
        if (request.ContentLength is { } length)
        {
            Swallow(length);
            total = length;
        }
        else
        {
            for (long chunk = ReadChunkSize(); chunk > 0; chunk = ReadChunkSize())
            {
                Swallow(chunk);
                ReadLine();
                total += chunk;
            }

            while (ReadLine().Length > 0)
            {
            }
        }

        return request.Header("x-amz-decoded-content-length") is { } decoded ? long.Parse(decoded) : total;
    }

    /// <summary>Reads a body that matters, which is XML.</summary>
    /// <param name="request">The request that it belongs to.</param>
    /// <returns>The text.</returns>
    public string ReadBody(Request request)
    {
        byte[] body = new byte[request.ContentLength ?? throw new NotSupportedException("XML in chunks")];
        for (int filled = 0; filled < body.Length;)
        {
            if (start == end)
            {
                Fill();
            }

            int count = Math.Min(end - start, body.Length - filled);
            buffer.AsSpan(start, count).CopyTo(body.AsSpan(filled));
            start += count;
            filled += count;
        }

        return Encoding.UTF8.GetString(body);
    }

    /// <summary>Answers with a head and a short body.</summary>
    /// <param name="status">Status and its name.</param>
    /// <param name="headers">Lines of the head.</param>
    /// <param name="body">The body.</param>
    public void Write(string status, string headers = "", ReadOnlySpan<byte> body = default)
    {
        // A body of nothing has no length where the status forbids one.
        string length = status.StartsWith("204", StringComparison.Ordinal) ? "" : $"Content-Length: {body.Length}\r\n";
        byte[] head = Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{headers}{length}\r\n");
        Send(body.Length == 0 ? head : [.. head, .. body]);
    }

    /// <summary>Sends bytes as they are.</summary>
    /// <param name="bytes">Bytes.</param>
    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private Request? ReadHead()
    {
        if (start == end)
        {
            (start, end) = (0, 0);
        }

        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf("\r\n\r\n"u8);
            if (length >= 0)
            {
                Request request = new(buffer.AsSpan(start, length));
                start += length + 4;
                if (request.Header("Expect") is not null)
                {
                    Send("HTTP/1.1 100 Continue\r\n\r\n"u8);
                }

                return request;
            }

            if (!TryFill())
            {
                return null;
            }
        }
    }

    private void Swallow(long length)
    {
        int here = (int)Math.Min(end - start, length);
        start += here;
        for (length -= here; length > 0;)
        {
            // All that was read ahead is gone, so the whole buffer is free.
            int count = socket.Receive(buffer.AsSpan(0, (int)Math.Min(buffer.Length, length)), Discard);
            if (count == 0)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }

            length -= count;
        }
    }

    private long ReadChunkSize() => Convert.ToInt64(ReadLine().Split(';')[0], 16);

    private string ReadLine()
    {
        while (true)
        {
            int length = buffer.AsSpan(start, end - start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                string line = Encoding.Latin1.GetString(buffer, start, length);
                start += length + 2;
                return line;
            }

            Fill();
        }
    }

    private void Fill()
    {
        if (!TryFill())
        {
            throw new SocketException((int)SocketError.ConnectionReset);
        }
    }

    private bool TryFill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        int count = socket.Receive(buffer.AsSpan(end));
        end += count;
        return count > 0;
    }
}
