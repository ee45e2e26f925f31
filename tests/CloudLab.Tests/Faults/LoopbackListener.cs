using System.Net;
using System.Net.Sockets;

namespace CloudLab.Tests.Faults;

/// <summary>Accepts connections on loopback and serves each by itself, until it is disposed of.</summary>
internal sealed class LoopbackListener : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    /// <param name="serve">Serves a connection, which is closed afterwards; ends with <see cref="Stopping"/>.</param>
    /// <param name="address">Another address of this machine, for a cluster that does not take loopback for an endpoint.</param>
    /// <param name="port">Where to listen; any free port if 0.</param>
    public LoopbackListener(Func<TcpClient, Task> serve, IPAddress? address = null, int port = 0)
    {
        listener = new TcpListener(address ?? IPAddress.Loopback, port);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        accepting = AcceptAsync(serve);
    }

    public int Port { get; }

    /// <summary>Cancelled when it is over.</summary>
    public CancellationToken Stopping => stop.Token;

    public async ValueTask DisposeAsync()
    {
        // Stopped last: a listener that is stopped between two connections refuses to be asked for the next.
        await stop.CancelAsync();
        await accepting;
        listener.Stop();
        stop.Dispose();
    }

    private async Task AcceptAsync(Func<TcpClient, Task> serve)
    {
        List<Task> open = [];
        try
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                open.Add(Task.Run(async () =>
                {
                    using (client)
                    {
                        await serve(client);
                    }
                }));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(open);
        }
    }
}
