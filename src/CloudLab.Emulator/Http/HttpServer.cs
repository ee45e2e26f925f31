using System.Net;
using System.Net.Sockets;

namespace CloudLab.Emulator.Http;

/// <summary>Answers one request. An exception that leaves it ends the connection.</summary>
/// <param name="exchange">The request and its answer.</param>
/// <returns>Done when the answer is complete.</returns>
public delegate Task HttpHandler(HttpExchange exchange);

/// <summary>
/// A small HTTP/1.1 server on loopback. Its own, and not HttpListener, because the emulator must see the request
/// target exactly as it was signed (no decoding, no <c>..</c> folded, the same on Windows) and because PowerShell
/// ships without Kestrel.
/// </summary>
public sealed class HttpServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly HttpHandler handler;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;
    private readonly HashSet<HttpConnection> connections = [];

    private HttpServer(TcpListener listener, HttpHandler handler)
    {
        this.listener = listener;
        this.handler = handler;
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync();
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Base URL: <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>Starts a server.</summary>
    /// <param name="port">Port on 127.0.0.1; 0 for any free one.</param>
    /// <param name="handler">Answers requests, many at once.</param>
    /// <returns>The running server. Throws <see cref="SocketException"/> when the port is taken.</returns>
    public static HttpServer Start(int port, HttpHandler handler)
    {
        TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start(512);
        return new HttpServer(listener, handler);
    }

    /// <summary>Stops listening and ends all connections.</summary>
    /// <returns>Done when stopped.</returns>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        lock (connections)
        {
            foreach (HttpConnection connection in connections)
            {
                connection.Dispose();
            }
        }

        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptSocketAsync(stopping.Token);
                socket.NoDelay = true;
                _ = ServeAsync(new HttpConnection(new NetworkStream(socket, ownsSocket: true)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Stopped, or one client gave up while it was accepted.
            }
        }
    }

    private async Task ServeAsync(HttpConnection connection)
    {
        lock (connections)
        {
            connections.Add(connection);
        }

        try
        {
            // Off the accept loop, so that a slow first request delays nobody.
            await Task.Run(() => connection.ServeAsync(handler, stopping.Token));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The client went away.
        }
        finally
        {
            connection.Dispose();
            lock (connections)
            {
                connections.Remove(connection);
            }
        }
    }
}
