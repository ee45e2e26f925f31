namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>The service account that Kubernetes gives a pod.</summary>
/// <param name="Server">Base URL of the API server.</param>
/// <param name="TokenFile">The token; Kubernetes replaces it before it expires.</param>
/// <param name="CaFile">The server's certificate authority, or null where it is not there.</param>
/// <param name="Namespace">The pod's namespace, or null.</param>
internal sealed record KubeInCluster(Uri Server, string TokenFile, string? CaFile, string? Namespace)
{
    private const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Looks whether this process runs in a pod.</summary>
    /// <param name="environment">Names the API server.</param>
    /// <param name="folder">Where the service account is mounted; the usual place if null.</param>
    /// <returns>The service account, or null.</returns>
    public static KubeInCluster? Find(LabEnvironment environment, string? folder = null)
    {
        folder ??= Folder;
        string token = Path.Combine(folder, "token"), ca = Path.Combine(folder, "ca.crt"), ns = Path.Combine(folder, "namespace");
        if (environment.Get("KUBERNETES_SERVICE_HOST") is not { } host
            || environment.Get("KUBERNETES_SERVICE_PORT") is not { } port
            || !File.Exists(token))
        {
            return null;
        }

        string name = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return new KubeInCluster(
            new Uri($"https://{name}:{port}"), token, File.Exists(ca) ? ca : null,
            File.Exists(ns) ? File.ReadAllText(ns).Trim() : null);
    }
}
