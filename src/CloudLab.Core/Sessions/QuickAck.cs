using System.Net.Sockets;

namespace CloudLab.Core.Sessions;

/// <summary>
/// Connections whose answers are acknowledged at once. Some servers (Ceph radosgw among them) send the head and the body of an answer as
/// two segments and, with Nagle's algorithm on, the second only when the first is acknowledged; Linux waits up to 40 ms with that.
/// Linux only: elsewhere there is no such option and connections are made as usual. Source: tcp(7), TCP_QUICKACK.
/// </summary>
internal static class QuickAck
{
    private const int Tcp = 6, Option = 12;
    private static readonly byte[] On = [1, 0, 0, 0];

    /// <summary>Makes new connections of a handler so.</summary>
    /// <param name="handler">The handler.</param>
    public static void Install(SocketsHttpHandler handler)
    {
        if (OperatingSystem.IsLinux())
        {
            handler.ConnectCallback = ConnectAsync;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new QuickStream(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The kernel forgets the option after a while, so it is set before each read that has to wait.
    private sealed class QuickStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (buffer.Length > 0 && Socket.Available == 0)
            {
                Socket.SetRawSocketOption(Tcp, Option, On);
            }

            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
