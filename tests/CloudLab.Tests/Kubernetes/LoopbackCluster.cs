using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CloudLab.Tests.Faults;

namespace CloudLab.Tests.Kubernetes;

/// <summary>
/// An API server on loopback that keeps what came over the wire: request heads, the client's certificates, the name asked for in the
/// TLS handshake. It can stand behind a proxy that it is itself: plain HTTP, CONNECT or SOCKS 5.
/// </summary>
internal sealed class LoopbackCluster : IAsyncDisposable
{
    private readonly LoopbackListener listener;
    private readonly X509Certificate2? certificate;
    private readonly Func<string, string> answer;

    /// <param name="answer">Makes the whole answer to a request's head.</param>
    /// <param name="certificate">Speaks TLS with it; plain HTTP if null.</param>
    /// <param name="address">Another address of this machine than loopback.</param>
    public LoopbackCluster(Func<string, string> answer, X509Certificate2? certificate = null, IPAddress? address = null)
    {
        (this.answer, this.certificate) = (answer, certificate);
        listener = new LoopbackListener(ServeAsync, address);
    }

    public int Port => listener.Port;

    /// <summary>Head of each request, proxies' among them.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    /// <summary>Bodies of the requests that had one.</summary>
    public ConcurrentQueue<string> Bodies { get; } = [];

    /// <summary>Subjects of the certificates that clients showed, their own first, a connection each.</summary>
    public ConcurrentQueue<string[]> Shown { get; } = [];

    /// <summary>Server names of the TLS handshakes.</summary>
    public ConcurrentQueue<string> Names { get; } = [];

    /// <summary>Where SOCKS clients wanted to go.</summary>
    public ConcurrentQueue<string> Destinations { get; } = [];

    /// <summary>A whole answer in JSON.</summary>
    public static string Json(string body, string status = "200 OK", string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}";

    /// <summary>Values of a header in a request's head.</summary>
    public static IEnumerable<string> Header(string head, string name) =>
        from line in head.Split("\r\n")
        where line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)
        select line[(name.Length + 1)..].Trim();

    public ValueTask DisposeAsync() => listener.DisposeAsync();

    private async Task ServeAsync(TcpClient connection)
    {
        try
        {
            Stream stream = connection.GetStream();
            byte[] first = new byte[1];
            if (await connection.Client.ReceiveAsync(first, SocketFlags.Peek, listener.Stopping) > 0 && first[0] == 5)
            {
                await SocksAsync(stream);
            }
            else if (first[0] == 'C')
            {
                Heads.Enqueue((await RequestHead.ReadAsync(stream, listener.Stopping))!);
                await stream.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray(), listener.Stopping);
            }

            if (certificate is not null)
            {
                stream = await SecureAsync(stream);
            }

            while (await RequestHead.ReadAsync(stream, listener.Stopping) is { } head)
            {
                Heads.Enqueue(head);
                if (Header(head, "Content-Length").FirstOrDefault() is { } length)
                {
                    byte[] body = new byte[int.Parse(length, System.Globalization.CultureInfo.InvariantCulture)];
                    await stream.ReadExactlyAsync(body, listener.Stopping);
                    Bodies.Enqueue(Encoding.UTF8.GetString(body));
                }

                string whole = answer(head);
                await stream.WriteAsync(Encoding.UTF8.GetBytes(whole), listener.Stopping);
                if (whole.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away or refused the certificate, which is what some tests are about.
        }
    }

    private async Task<Stream> SecureAsync(Stream stream)
    {
        SslStream secure = new(stream);
        await secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate!, null, offline: true),
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, own, chain, _) =>
                {
                    Shown.Enqueue(own is null ? [] : [own.Subject, .. chain!.ChainPolicy.ExtraStore.Select(other => other.Subject)]);
                    return true;
                },
            },
            listener.Stopping);
        Names.Enqueue(secure.TargetHostName);
        return secure;
    }

    // RFC 1928: no authentication, CONNECT to a name or an IPv4 address.
    private async Task SocksAsync(Stream stream)
    {
        byte[] head = new byte[2];
        await stream.ReadExactlyAsync(head, listener.Stopping);
        await stream.ReadExactlyAsync(new byte[head[1]], listener.Stopping);
        await stream.WriteAsync(new byte[] { 5, 0 }, listener.Stopping);
        byte[] request = new byte[4];
        await stream.ReadExactlyAsync(request, listener.Stopping);
        byte[] length = [4];
        if (request[3] == 3)
        {
            await stream.ReadExactlyAsync(length, listener.Stopping);
        }

        byte[] address = new byte[length[0] + 2];
        await stream.ReadExactlyAsync(address, listener.Stopping);
        Destinations.Enqueue(request[3] == 3 ? Encoding.ASCII.GetString(address[..^2]) : new IPAddress(address[..4]).ToString());
        await stream.WriteAsync(new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, listener.Stopping);
    }
}
