using System.Buffers;
using System.Net.WebSockets;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>What came on one of a connection's channels.</summary>
/// <param name="Channel">Number of the channel.</param>
/// <param name="Bytes">The bytes, which stay valid until the next piece is read.</param>
internal readonly record struct SocketPiece(byte Channel, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// A WebSocket to a cluster that carries several channels, as exec, attach and port-forward use it: the first byte of each message is the number of its
/// channel. What breaks is an <see cref="IOException"/>.
/// </summary>
/// <param name="socket">The connection.</param>
internal sealed class KubeSocket(WebSocket socket) : IDisposable
{
    /// <summary>Subprotocol with a message that closes a channel, since Kubernetes 1.30.</summary>
    public const string Version5 = "v5.channel.k8s.io";

    /// <summary>Subprotocol without it.</summary>
    public const string Version4 = "v4.channel.k8s.io";

    private const byte CloseSignal = 255;

    // API servers take each frame for a message of its own, so a message is never divided.
    private const int LongestMessage = 128 << 10;

    private readonly SemaphoreSlim sendGate = new(1);
    private readonly byte[] received = new byte[64 << 10];
    private bool inMessage;
    private byte channel;

    /// <summary>The subprotocol that the server chose.</summary>
    public string Protocol => socket.SubProtocol ?? "";

    /// <summary>Whether the end of one channel can be told while the others go on.</summary>
    public bool CanCloseChannels => Protocol == Version5;

    /// <summary>Reads the next piece; a message may come in several.</summary>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>The piece; null where the server has closed the connection in good order.</returns>
    public async ValueTask<SocketPiece?> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                result = await socket.ReceiveAsync(received.AsMemory(), cancellation);
            }
            catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
            {
                cancellation.ThrowIfCancellationRequested();
                throw new IOException(e.GetBaseException().Message, e);
            }

            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            ReadOnlyMemory<byte> bytes = received.AsMemory(0, result.Count);
            if (!inMessage && result.Count > 0)
            {
                (inMessage, channel, bytes) = (true, bytes.Span[0], bytes[1..]);
            }

            inMessage &= !result.EndOfMessage;
            if (bytes.Length > 0)
            {
                return new SocketPiece(channel, bytes);
            }
        }
    }

    /// <summary>Sends bytes on a channel.</summary>
    /// <param name="to">Number of the channel.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>Done when they are handed over.</returns>
    public async Task SendAsync(byte to, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await sendGate.WaitAsync(cancellation);
        byte[] message = ArrayPool<byte>.Shared.Rent(LongestMessage + 1);
        try
        {
            do
            {
                int count = Math.Min(bytes.Length, LongestMessage);
                message[0] = to;
                bytes.Span[..count].CopyTo(message.AsSpan(1));
                await socket.SendAsync(message.AsMemory(0, count + 1), WebSocketMessageType.Binary, endOfMessage: true, cancellation);
                bytes = bytes[count..];
            }
            while (bytes.Length > 0);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // What is being sent when the connection is ended is told as cancelled, too.
            cancellation.ThrowIfCancellationRequested();
            throw new IOException(e.GetBaseException().Message, e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(message);
            sendGate.Release();
        }
    }

    /// <summary>Tells that nothing more comes on a channel.</summary>
    /// <param name="which">Number of the channel.</param>
    /// <param name="cancellation">Ends the connection.</param>
    /// <returns>Done when it is told.</returns>
    public Task CloseChannelAsync(byte which, CancellationToken cancellation) => SendAsync(CloseSignal, new[] { which }, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The gate is not disposed: who still sends has to leave through it.
        socket.Abort();
        socket.Dispose();
    }
}
