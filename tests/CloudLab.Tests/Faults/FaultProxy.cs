using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CloudLab.Tests.Faults;

/// <summary>What a <see cref="FaultProxy"/> does to one request.</summary>
internal enum FaultKind
{
    /// <summary>Nothing: request and answer go through.</summary>
    None,

    /// <summary>Reads the request's head and resets the connection.</summary>
    ResetAtOnce,

    /// <summary>Reads so many bytes of the request's body and resets the connection.</summary>
    ResetInRequest,

    /// <summary>Passes the request on and resets the connection instead of giving the answer back.</summary>
    LoseAnswer,

    /// <summary>Answers with a status and S3's error document (500 InternalError, 503 SlowDown, 400 ExpiredToken), without asking the server.</summary>
    Status,

    /// <summary>Flips one bit of the byte at that place of the request's body.</summary>
    FlipRequest,

    /// <summary>Flips one bit of the byte at that place of the answer's body.</summary>
    FlipAnswer,

    /// <summary>Closes the connection in good order after so many bytes of the answer's body.</summary>
    TruncateAnswer,

    /// <summary>Resets the connection after so many bytes of the answer's body.</summary>
    ResetAnswer,

    /// <summary>Stops sending after so many bytes of the answer's body, and keeps the connection open.</summary>
    StallAnswer,

    /// <summary>Takes the request and never answers.</summary>
    StallAtOnce,

    /// <summary>Sends the answer's body in small pieces with pauses between them.</summary>
    Slow,
}

/// <summary>A fault.</summary>
/// <param name="Kind">What happens.</param>
/// <param name="Number">Place in the body in bytes, or the status.</param>
internal sealed record Fault(FaultKind Kind, int Number = 0)
{
    public static Fault None { get; } = new(FaultKind.None);
}

/// <summary>A request as the proxy saw it.</summary>
/// <param name="Method">GET, PUT, …</param>
/// <param name="Target">Path and query as sent.</param>
/// <param name="Length">Length of its body.</param>
/// <param name="Range">Its Range header, or null.</param>
internal sealed record ProxiedRequest(string Method, string Target, int Length, string? Range = null);

/// <summary>
/// An HTTP proxy for one server that misbehaves on demand: it stands between a client and a real server and asks
/// <see cref="Plan"/> what to do to each request.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private readonly LoopbackListener listener;
    private readonly Uri server;
    private readonly List<ProxiedRequest> seen = [];

    public FaultProxy(Uri server)
    {
        this.server = server;
        listener = new LoopbackListener(ServeAsync);
        Url = new Uri($"http://127.0.0.1:{listener.Port}");
    }

    /// <summary>Where the client connects to.</summary>
    public Uri Url { get; }

    /// <summary>Decides for each request; may be called from several threads at once.</summary>
    public Func<ProxiedRequest, Fault> Plan { get; set; } = _ => Fault.None;

    /// <summary>All requests so far.</summary>
    public IReadOnlyList<ProxiedRequest> Seen
    {
        get
        {
            lock (seen)
            {
                return [.. seen];
            }
        }
    }

    /// <summary>Plans one fault for the first so many requests that match; the others go through.</summary>
    public void Times(int count, Func<ProxiedRequest, bool> matches, Fault fault) =>
        Plan = request => matches(request) && Interlocked.Decrement(ref count) >= 0 ? fault : Fault.None;

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            await ServeAsync(client, client.GetStream());
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the test is over.
        }
    }

    private async Task ServeAsync(TcpClient client, NetworkStream stream)
    {
        if (await RequestHead.ReadAsync(stream, listener.Stopping) is not { } head)
        {
            return;
        }

        string[] lines = head.Split("\r\n");
        string[] first = lines[0].Split(' ');
        int length = int.Parse(Header(lines, "Content-Length") ?? "0", CultureInfo.InvariantCulture);
        ProxiedRequest request = new(first[0], first[1], length, Header(lines, "Range"));
        lock (seen)
        {
            seen.Add(request);
        }

        Fault fault = Plan(request);
        if (fault.Kind == FaultKind.ResetAtOnce)
        {
            Reset(client);
            return;
        }

        if (Header(lines, "Expect") is not null)
        {
            await stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), listener.Stopping);
        }

        byte[] body = new byte[length];
        if (fault.Kind == FaultKind.ResetInRequest)
        {
            await stream.ReadExactlyAsync(body.AsMemory(0, Math.Min(fault.Number, length)), listener.Stopping);
            Reset(client);
            return;
        }

        await stream.ReadExactlyAsync(body, listener.Stopping);
        switch (fault.Kind)
        {
            case FaultKind.StallAtOnce:
                await UntilGoneAsync(stream);
                return;
            case FaultKind.Status:
                await stream.WriteAsync(ErrorAnswer(request, fault.Number), listener.Stopping);
                return;
            case FaultKind.FlipRequest when length > 0:
                body[fault.Number % length] ^= 1;
                break;
        }

        if (fault.Kind is FaultKind.None or FaultKind.FlipRequest)
        {
            // As it comes: a watch has no end.
            await ForwardAsync(lines, body, stream);
            return;
        }

        using MemoryStream whole = new();
        await ForwardAsync(lines, body, whole);
        byte[] answer = whole.ToArray();
        int answerBody = answer.AsSpan().IndexOf(EndOfHead) + EndOfHead.Length;
        int cut = Math.Min(answer.Length, answerBody + fault.Number);
        switch (fault.Kind)
        {
            case FaultKind.LoseAnswer:
                Reset(client);
                return;
            case FaultKind.FlipAnswer when answer.Length > answerBody:
                answer[answerBody + (fault.Number % (answer.Length - answerBody))] ^= 1;
                break;
            case FaultKind.TruncateAnswer:
                await stream.WriteAsync(answer.AsMemory(0, cut), listener.Stopping);
                return;
            case FaultKind.ResetAnswer:
                await stream.WriteAsync(answer.AsMemory(0, cut), listener.Stopping);
                Reset(client);
                return;
            case FaultKind.StallAnswer:
                await stream.WriteAsync(answer.AsMemory(0, cut), listener.Stopping);
                await UntilGoneAsync(stream);
                return;
            case FaultKind.Slow:
                for (int at = 0, piece = Math.Max(1, answer.Length / 20); at < answer.Length; at += piece)
                {
                    await stream.WriteAsync(answer.AsMemory(at, Math.Min(piece, answer.Length - at)), listener.Stopping);
                    await Task.Delay(10, listener.Stopping);
                }

                return;
        }

        await stream.WriteAsync(answer, listener.Stopping);
    }

    private async Task ForwardAsync(string[] lines, byte[] body, Stream answer)
    {
        using TcpClient upstream = new();
        await upstream.ConnectAsync(server.Host, server.Port, listener.Stopping);
        NetworkStream stream = upstream.GetStream();
        IEnumerable<string> kept = lines.Where(line =>
            line.Length > 0
            && !line.StartsWith("Expect:", StringComparison.OrdinalIgnoreCase)
            && !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase));
        string head = string.Join("\r\n", kept) + "\r\nConnection: close\r\n\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head), listener.Stopping);
        await stream.WriteAsync(body, listener.Stopping);
        await stream.CopyToAsync(answer, listener.Stopping);
    }

    private async Task UntilGoneAsync(NetworkStream stream)
    {
        byte[] nothing = new byte[16];
        while (await stream.ReadAsync(nothing, listener.Stopping) > 0)
        {
        }
    }

    private static void Reset(TcpClient client)
    {
        client.LingerState = new LingerOption(true, 0);
        client.Close();
    }

    private static string? Header(string[] lines, string name) => lines
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    private static byte[] ErrorAnswer(ProxiedRequest request, int status)
    {
        string code = status switch { 503 => "SlowDown", 500 => "InternalError", 400 => "ExpiredToken", _ => "MadeUp" };
        string body = request.Method == "HEAD" ? "" : $"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>Made up.</Message></Error>";
        return Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status} Made Up\r\nContent-Type: application/xml\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
