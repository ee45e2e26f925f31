using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>How an API server is reached, and as whom.</summary>
/// <param name="Server">Base URL of the API server.</param>
/// <param name="Source">Where the address came from.</param>
internal sealed record KubeEndpoint(Uri Server, string Source)
{
    /// <summary>The only certificate authorities to trust; null for the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>True to accept any server certificate.</summary>
    public bool SkipVerification { get; init; }

    /// <summary>Name that the server's certificate must carry, where it differs from the URL's.</summary>
    public string? ServerName { get; init; }

    /// <summary>Proxy to go through; null for what the environment says.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Names the proxy where the kubeconfig does not.</summary>
    public required LabEnvironment Environment { get; init; }

    /// <summary>Who the caller is.</summary>
    public required KubeCredentials Credentials { get; init; }

    /// <summary>The same for the same cluster and user, so that a client can be found again; holds no secret.</summary>
    public required string Key { get; init; }

    /// <summary>The server's URL for people: without a slash at the end.</summary>
    public string Address => Server.AbsoluteUri.TrimEnd('/');

    /// <summary>Sets up the handler under a client: connections, proxy, TLS.</summary>
    /// <param name="handler">A new handler.</param>
    /// <param name="certificate">Client certificate, or null.</param>
    public void Configure(SocketsHttpHandler handler, KubeClientCertificate? certificate)
    {
        handler.AllowAutoRedirect = false;
        handler.AutomaticDecompression = DecompressionMethods.GZip;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        // A watch over a connection that died in silence ends.
        handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
        handler.KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests;
        handler.EnableMultipleHttp2Connections = true;
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90);
        handler.MaxConnectionsPerServer = 100;
        handler.UseCookies = false;
        // Nor does a log or an exec over HTTP/1.1, which knows no pings, wait for a server that is gone without a word.
        handler.ConnectCallback = ConnectAsync;
        if (Proxy is not null)
        {
            handler.Proxy = new WebProxy(Proxy) { Credentials = EnvironmentProxy.CredentialIn(Proxy) };
        }
        else
        {
            EnvironmentProxy.Use(handler, Environment);
        }

        if (SkipVerification)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }
        else if (Authorities is { } authorities)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = TrustedAuthorities.Validate(() => authorities);
        }

        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificateContext = certificate.Context;
        }
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
