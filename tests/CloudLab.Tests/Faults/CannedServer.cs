using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CloudLab.Tests.Faults;

/// <summary>A server on loopback that gives every connection the same bytes, whatever it is asked, and closes it.</summary>
internal sealed class CannedServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Task serving;

    /// <param name="answer">The whole answer.</param>
    public CannedServer(string answer)
    {
        listener.Start();
        serving = ServeAsync(Encoding.ASCII.GetBytes(answer));
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await serving;
        listener.Stop();
        end.Dispose();
    }

    private async Task ServeAsync(byte[] answer)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using Socket socket = await listener.AcceptSocketAsync(end.Token);
                await socket.ReceiveAsync(new byte[4096], end.Token);
                await socket.SendAsync(answer, end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The test is over, or its client has gone before it read the answer.
            }
        }
    }
}
