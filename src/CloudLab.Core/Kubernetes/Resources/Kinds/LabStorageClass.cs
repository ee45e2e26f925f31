using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A storage class.</summary>
public sealed class LabStorageClass : LabResource
{
    internal LabStorageClass(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>What makes its volumes.</summary>
    public string? Provisioner => Content.Text("provisioner");

    /// <summary>What happens to a volume when its claim goes.</summary>
    public string ReclaimPolicy => Content.Text("reclaimPolicy") ?? "Delete";

    /// <summary>When a claim is bound: <c>Immediate</c>, <c>WaitForFirstConsumer</c>.</summary>
    public string? VolumeBindingMode => Content.Text("volumeBindingMode");

    /// <summary>Whether its volumes can grow.</summary>
    public bool AllowVolumeExpansion => Content.Flag("allowVolumeExpansion");

    /// <summary>Whether claims get it that name none.</summary>
    public bool IsDefault => Content.Object("metadata")?.Object("annotations")?.Text("storageclass.kubernetes.io/is-default-class") == "true";
}
