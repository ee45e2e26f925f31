using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Kubernetes;
using k8s;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>
/// The one place where a client of the KubernetesClient package is made. Its configuration is built in code: the package's own
/// reader of kubeconfig files drops <c>as</c>, <c>as-groups</c> and <c>proxy-url</c>, refuses <c>tokenFile</c> and <c>user: {}</c>, runs exec
/// plugins twice with their arguments joined, and takes 215 ms where this takes 2.5. The first client of a process costs 75 to 100 ms, in
/// which the package's types load: only what talks to a cluster comes here.
/// </summary>
internal static class KubeClientFactory
{
    private static readonly string Agent = "CloudLab/" + typeof(KubeClientFactory).Assembly.GetName().Version!.ToString(3);

    /// <summary>Makes a client. What goes through it fails with <see cref="Common.Errors.LabException"/> only.</summary>
    /// <param name="endpoint">The cluster and who the caller is.</param>
    /// <param name="certificate">The client certificate for its connections, or null.</param>
    /// <param name="clock">Times the pauses between attempts.</param>
    /// <param name="last">A handler just above the connections, or null.</param>
    /// <returns>The client.</returns>
    public static k8s.Kubernetes Create(KubeEndpoint endpoint, KubeClientCertificate? certificate, TimeProvider clock, DelegatingHandler? last)
    {
        KubeHeadersHandler headers = new(endpoint);
        KubernetesClientConfiguration configuration = new()
        {
            Host = endpoint.Server.AbsoluteUri,
            UserAgent = Agent,
            TlsServerName = endpoint.ServerName,
            SkipTlsVerify = endpoint.SkipVerification,
            TokenProvider = new KubeTokenProvider(endpoint.Credentials),
            // The package's own SslCaCerts would also trust whatever the system trusts, and says nothing of what is wrong
            // with a certificate; its ClientCertificateData knows no intermediates. Its own WebSockets do not come by here nor by the
            // handlers: KubernetesApi.ConnectAsync opens ours.
            FirstMessageHandlerSetup = handler =>
            {
                endpoint.Configure(handler, certificate);
                handler.RequestHeaderEncodingSelector = (name, _) => headers.EncodingOf(name);
            },
        };
        List<DelegatingHandler> handlers =
        [
            new KubeRetryHandler(endpoint, certificate, clock),
            headers,
            new KubeWarningHandler(),
            new RequestLogHandler(),
        ];
        if (last is not null)
        {
            handlers.Add(last);
        }

        handlers.Add(new ProxyFaultHandler { Setting = endpoint.Proxy is null ? null : $"proxy-url of {endpoint.Source}" });
        return new k8s.Kubernetes(configuration, [.. handlers]);
    }
}
