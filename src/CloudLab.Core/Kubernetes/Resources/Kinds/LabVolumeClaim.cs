using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A persistent volume claim.</summary>
public sealed class LabVolumeClaim : LabResource
{
    internal LabVolumeClaim(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>The volume that it is bound to.</summary>
    public string? Volume => SpecFields.Text("volumeName");

    /// <summary>Size of the volume, or the size asked for while it is not bound.</summary>
    public string? Capacity => Content.Object("status")?.Object("capacity")?.Text("storage") ?? SpecFields.Object("resources")?.Object("requests")?.Text("storage");

    /// <summary>Ways it can be mounted, as kubectl shortens them: <c>RWO</c>, <c>ROX</c>, <c>RWX</c>, <c>RWOP</c>.</summary>
    public TextList<string> AccessModes => ResourceParts.AccessModes(SpecFields);

    /// <summary>Its storage class.</summary>
    public string? StorageClass => SpecFields.Text("storageClassName");

    private JsonObject SpecFields => Content.Object("spec") ?? [];
}
