using System.Net.Sockets;

namespace CloudLab.Tests.Faults;

/// <summary>
/// Stands before a server, and makes it look as if that were stopped and started again: every connection is reset, new ones are refused for a moment, and
/// then it is there again under the same port.
/// </summary>
internal sealed class RestartingRelay : IAsyncDisposable
{
    // Long enough for clients to be refused; a fault, and nothing that a test waits for.
    private static readonly TimeSpan Down = TimeSpan.FromMilliseconds(150);

    private readonly Uri server;
    private readonly long after;
    private readonly int most;
    private readonly SemaphoreSlim one = new(1);
    private CutRelay relay;
    private Task restarting = Task.CompletedTask;
    private int restarts;

    /// <param name="server">The server.</param>
    /// <param name="after">It restarts by itself when a client has sent so many bytes on one connection.</param>
    /// <param name="most">So many times.</param>
    public RestartingRelay(Uri server, long after = long.MaxValue, int most = int.MaxValue)
    {
        (this.server, this.after, this.most) = (server, after, most);
        relay = StartAnywhere();
        Url = relay.Url;
    }

    /// <summary>The server's address through here.</summary>
    public Uri Url { get; }

    /// <summary>How often it was started again.</summary>
    public int Restarts => Volatile.Read(ref restarts);

    /// <summary>Stops and starts it.</summary>
    public async Task RestartAsync()
    {
        await one.WaitAsync();
        try
        {
            await relay.DisposeAsync();
            await Task.Delay(Down);
            Interlocked.Increment(ref restarts);
            relay = Start(Url.Port);
        }
        finally
        {
            one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await restarting;
        await relay.DisposeAsync();
        one.Dispose();
    }

    // Below the ports that systems give to clients: one of those may be somebody else's by the time that the server is there again.
    private CutRelay StartAnywhere()
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return Start(Random.Shared.Next(20_000, 32_000));
            }
            catch (SocketException) when (tries < 20)
            {
                // Taken; another one.
            }
        }
    }

    private CutRelay Start(int port) => new(server, port)
    {
        CutAfter = after, CountsUp = true, CutsLeft = restarts < most ? 1 : 0, OnCut = () => restarting = Task.Run(RestartAsync),
    };
}
