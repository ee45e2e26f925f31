using System.Net;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using CloudLab.Core.Common.Reporting;

namespace CloudLab.Core.Sessions.Aws;

/// <summary>One HTTP client for all AWS service clients of a connection, so that they share its pooled connections.</summary>
internal sealed class AwsHttpClientFactory : HttpClientFactory
{
    /// <summary>Creates the client.</summary>
    /// <param name="authorities">Reads the certificate authorities to trust instead of the system's, or null.</param>
    /// <param name="silence">How long a server may send nothing before the request counts as failed.</param>
    /// <param name="environment">Names the proxy.</param>
    public AwsHttpClientFactory(Func<X509Certificate2Collection>? authorities, TimeSpan silence, LabEnvironment environment)
    {
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(55),
            UseCookies = false,
        };
        QuickAck.Install(handler);
        EnvironmentProxy.Use(handler, environment);
        if (authorities is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = TrustedAuthorities.Validate(authorities);
        }

        // A limit on the whole request would hit a big body on a slow line: what counts is that something moves.
        Client = new HttpClient(new AwsPatienceHandler(silence, new RequestLogHandler(new ProxyFaultHandler(handler)))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>The client.</summary>
    public HttpClient Client { get; }

    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => Client;

    /// <inheritdoc/>
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    /// <inheritdoc/>
    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
}
