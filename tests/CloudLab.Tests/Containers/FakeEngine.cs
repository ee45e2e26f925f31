using System.Net.Sockets;
using System.Text;

namespace CloudLab.Tests.Containers;

/// <summary>Answers on a Unix socket with whatever bytes a test wants, so that an engine can misbehave in any way.</summary>
internal sealed class FakeEngine : IAsyncDisposable
{
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-engine-").FullName;
    private readonly Func<string, string?> answer;
    private readonly Task accepting;

    /// <summary>Starts to listen.</summary>
    /// <param name="answer">Gives the answer to a request line; null to say nothing and keep the connection open.</param>
    public FakeEngine(Func<string, string?> answer)
    {
        this.answer = answer;
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        accepting = AcceptAsync();
    }

    public string SocketPath => Path.Combine(folder, "docker.sock");

    public string Host => "unix://" + SocketPath;

    public List<string> Requests { get; } = [];

    /// <summary>How many connections there have been.</summary>
    public int Connections { get; private set; }

    /// <summary>An HTTP answer.</summary>
    public static string Http(int status, string body, string headers = "Api-Version: 1.51\r\n") =>
        $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>An engine that greets properly and answers everything else in one way.</summary>
    public static FakeEngine After(string? ping, Func<string, string?> rest) =>
        new(line => line.Contains("/_ping", StringComparison.Ordinal) ? ping : rest(line));

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await listener.AcceptAsync(stop.Token)));
                Connections++;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using NetworkStream stream = new(socket, ownsSocket: true);
        try
        {
            using StreamReader reader = new(stream, leaveOpen: true);
            while (await reader.ReadLineAsync(stop.Token) is { } request)
            {
                while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
                {
                }

                lock (Requests)
                {
                    Requests.Add(request);
                }

                if (answer(request) is not { } bytes)
                {
                    await Task.Delay(Timeout.Infinite, stop.Token);
                    return;
                }

                await stream.WriteAsync(Encoding.UTF8.GetBytes(bytes), stop.Token);
                if (!bytes.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || bytes.Contains("Connection: close", StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The test has seen enough.
        }
    }
}
