using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace CloudLab.Core.Sessions;

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
    public LabEnvironment Environment { get; init; } = LabEnvironment.Process;

    /// <summary>Who the caller is.</summary>
    public required KubeCredentials Credentials { get; init; }

    /// <summary>The same for the same cluster and user, so that a client can be found again; holds no secret.</summary>
    public required string Key { get; init; }

    /// <summary>A handler for one set of connections.</summary>
    /// <param name="certificate">Client certificate, or null.</param>
    /// <returns>The handler.</returns>
    public SocketsHttpHandler CreateHandler(KubeClientCertificate? certificate)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A watch over a connection that died in silence ends.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
            MaxConnectionsPerServer = 100,
            UseCookies = false,
        };
        if (Proxy is not null)
        {
            handler.Proxy = new WebProxy(Proxy);
            if (Proxy.UserInfo.Split(':', 2) is [{ Length: > 0 } name, var password])
            {
                handler.Proxy.Credentials = new NetworkCredential(Uri.UnescapeDataString(name), Uri.UnescapeDataString(password));
            }
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

        return handler;
    }
}
