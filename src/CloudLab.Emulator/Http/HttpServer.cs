using System.Net;
using System.Net.Sockets;

namespace CloudLab.Emulator.Http;

/// <summary>
/// Answers one request. An exception that leaves it becomes a 500 where nothing is sent yet, else ends the connection,
/// and is reported to the server's owner.
/// </summary>
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
    private static readonly TimeSpan GraceAtStop = TimeSpan.FromSeconds(5);

    private readonly TcpListener listener;
    private readonly HttpHandler handler;
    private readonly Action<Exception>? failed;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task accepting;
    private readonly Dictionary<HttpConnection, Task> connections = [];
    private int disposed;

    private HttpServer(TcpListener listener, HttpHandler handler, Action<Exception>? failed)
    {
        this.listener = listener;
        this.handler = handler;
        this.failed = failed;
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = Task.Run(AcceptAsync);
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Base URL: <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>Starts a server.</summary>
    /// <param name="port">Port on 127.0.0.1; 0 for any free one.</param>
    /// <param name="handler">Answers requests, many at once.</param>
    /// <param name="failed">Told of exceptions that left the handler and were not the client's going away; on any thread.</param>
    /// <returns>The running server. Throws <see cref="SocketException"/> when the port is taken.</returns>
    public static HttpServer Start(int port, HttpHandler handler, Action<Exception>? failed = null)
    {
        TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start(512);
        return new HttpServer(listener, handler, failed);
    }

    /// <summary>Stops listening, cancels what runs and ends all connections.</summary>
    /// <returns>Done when no handler runs any more, or has not ended in time.</returns>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        Task[] running;
        lock (connections)
        {
            running = [.. connections.Values];
            foreach (HttpConnection connection in connections.Keys)
            {
                connection.Dispose();
            }
        }

        await Task.WhenAny(Task.WhenAll(running), Task.Delay(GraceAtStop));
        if (Array.TrueForAll(running, task => task.IsCompleted))
        {
            stopping.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptSocketAsync(stopping.Token);
                socket.NoDelay = true;
                HttpConnection connection = new(socket);
                lock (connections)
                {
                    // Off the accept loop, so that a slow first request delays nobody.
                    connections.Add(connection, Task.Run(() => ServeAsync(connection)));
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // Stopped (a listener that is says InvalidOperation or ObjectDisposed), one client gave up while it was accepted, or no file descriptor is left: do not spin.
                await Task.Delay(20);
            }
        }
    }

    private async Task ServeAsync(HttpConnection connection)
    {
        try
        {
            await connection.ServeAsync(handler, failed, stopping.Token);
        }
        catch (Exception e) when (e is ClientGoneException or OperationCanceledException)
        {
            // The client went away.
        }
        catch (Exception e)
        {
            failed?.Invoke(e);
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
