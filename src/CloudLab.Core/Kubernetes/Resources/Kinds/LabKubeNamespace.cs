using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Namespaces;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A namespace.</summary>
public sealed class LabKubeNamespace : LabResource
{
    internal LabKubeNamespace(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>What holds it while it is being removed: kinds that are left, finalizers that wait; null otherwise.</summary>
    public string? Remainder => NamespaceRemainder.Of(Content);

    /// <summary>Pod security level that is enforced; null where none is.</summary>
    public string? PodSecurity => Content.Labels()?.Text("pod-security.kubernetes.io/enforce");
}
