using System.Net.Sockets;

namespace CloudLab.Tests.Faults;

/// <summary>Passes TCP connections on to a server, TLS or not, and resets a connection once the server has sent so many bytes on it.</summary>
internal sealed class CutRelay : IAsyncDisposable
{
    private readonly LoopbackListener listener;
    private readonly Uri server;
    private int cuts;

    public CutRelay(Uri server, int port = 0)
    {
        this.server = server;
        listener = new LoopbackListener(ServeAsync, port: port);
    }

    public int Port => listener.Port;

    /// <summary>The server's address through here.</summary>
    public Uri Url => new UriBuilder(server) { Host = "127.0.0.1", Port = Port }.Uri;

    /// <summary>After so many bytes in one direction a connection is reset.</summary>
    public long CutAfter { get; set; } = long.MaxValue;

    /// <summary>Whether the bytes to the server count, instead of those from it.</summary>
    public bool CountsUp { get; set; }

    /// <summary>How many connections are cut; the others live.</summary>
    public int CutsLeft { get; set; } = int.MaxValue;

    /// <summary>Told of each cut.</summary>
    public Action? OnCut { get; init; }

    /// <summary>How many were cut.</summary>
    public int Cuts => Volatile.Read(ref cuts);

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient other = new() { NoDelay = true };
        client.NoDelay = true;
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(listener.Stopping);
        try
        {
            await other.ConnectAsync(server.Host, server.Port, end.Token);
            await Task.WhenAny(CopyAsync(client.GetStream(), other.GetStream(), CountsUp, end.Token), CopyAsync(other.GetStream(), client.GetStream(), !CountsUp, end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // One of the two has gone.
        }

        await end.CancelAsync();
        client.LingerState = new LingerOption(true, 0);
        other.LingerState = new LingerOption(true, 0);
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool counts, CancellationToken cancellation)
    {
        byte[] buffer = new byte[16 << 10];
        long passed = 0;
        try
        {
            for (int count; (count = await from.ReadAsync(buffer, cancellation)) > 0;)
            {
                passed += count;
                await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
                if (counts && passed >= CutAfter && CutsLeft > 0)
                {
                    CutsLeft--;
                    Interlocked.Increment(ref cuts);
                    OnCut?.Invoke();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side has gone.
        }
    }
}
