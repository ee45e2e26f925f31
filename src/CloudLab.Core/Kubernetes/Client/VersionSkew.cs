namespace CloudLab.Core.Kubernetes.Client;

/// <summary>Which versions of Kubernetes work together (https://kubernetes.io/releases/version-skew-policy/).</summary>
internal static class VersionSkew
{
    /// <summary>How many minor versions a kubelet may be behind the API server.</summary>
    public const int KubeletBehind = 3;

    /// <summary>Reads a version.</summary>
    /// <param name="gitVersion">As servers and kubelets write it: <c>v1.36.2</c>, <c>v1.29.3-eks-adc7111</c>.</param>
    /// <returns>The version; null where it is not one.</returns>
    public static Version? Of(string? gitVersion) => Version.TryParse(gitVersion?.TrimStart('v').Split('-', '+')[0], out Version? version) ? version : null;

    /// <summary>Whether a kubelet works with an API server: it is never newer, and not too far behind.</summary>
    /// <param name="kubelet">Version of the kubelet.</param>
    /// <param name="server">Version of the API server.</param>
    /// <returns>True if so.</returns>
    public static bool Supports(Version kubelet, Version server) =>
        kubelet.Major == server.Major && kubelet.Minor <= server.Minor && server.Minor - kubelet.Minor <= KubeletBehind;
}
