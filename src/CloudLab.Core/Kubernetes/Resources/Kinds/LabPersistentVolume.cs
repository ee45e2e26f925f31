using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A persistent volume.</summary>
public sealed class LabPersistentVolume : LabResource
{
    internal LabPersistentVolume(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Its size: <c>10Gi</c>.</summary>
    public string? Capacity => SpecFields.Object("capacity")?.Text("storage");

    /// <summary>Ways it can be mounted, as kubectl shortens them: <c>RWO</c>, <c>ROX</c>, <c>RWX</c>, <c>RWOP</c>.</summary>
    public TextList<string> AccessModes => ResourceParts.AccessModes(SpecFields);

    /// <summary>What happens to it when its claim goes: <c>Retain</c>, <c>Delete</c>.</summary>
    public string? ReclaimPolicy => SpecFields.Text("persistentVolumeReclaimPolicy");

    /// <summary>The claim that it is bound to: <c>movies/data</c>.</summary>
    public string? Claim => SpecFields.Object("claimRef") is { } claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : null;

    /// <summary>Its storage class.</summary>
    public string? StorageClass => SpecFields.Text("storageClassName");

    private JsonObject SpecFields => Content.Object("spec") ?? [];
}
