using CloudLab.Core.Sessions;

namespace CloudLab.Core.Kubernetes;

/// <summary>What every request to a cluster carries: the types that are understood, whom to act as, the server's name.</summary>
/// <param name="endpoint">The cluster and who the caller is.</param>
internal sealed class KubeHeadersHandler(KubeEndpoint endpoint) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!request.Headers.Contains("Accept"))
        {
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
        }

        // A second attempt comes with them already.
        foreach (IGrouping<string, string> header in endpoint.Credentials.Impersonation.GroupBy(header => header.Key, header => header.Value))
        {
            request.Headers.Remove(header.Key);
            request.Headers.TryAddWithoutValidation(header.Key, header);
        }

        if (endpoint.ServerName is { } name)
        {
            // .NET takes the name for the TLS handshake and for the certificate from here.
            request.Headers.Host = name;
        }

        return base.SendAsync(request, cancellationToken);
    }
}
