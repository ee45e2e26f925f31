using System.Net.Http.Headers;
using CloudLab.Core.Sessions.Kubernetes;
using k8s.Authentication;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Gives the KubernetesClient package the credentials that are valid now.</summary>
/// <param name="credentials">Where they come from, and where they are kept as long as they are good.</param>
internal sealed class KubeTokenProvider(KubeCredentials credentials) : ITokenProvider
{
    /// <inheritdoc/>
    public async Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        // The package takes null as nobody.
        (await credentials.CurrentAsync(null, cancellationToken)).Header!;
}
