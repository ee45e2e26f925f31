using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A deployment.</summary>
public sealed class LabDeployment : LabResource
{
    internal LabDeployment(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Pods that are wanted.</summary>
    public long Replicas => SpecFields.Number("replicas") ?? 1;

    /// <summary>Pods that are ready.</summary>
    public long ReadyReplicas => StatusFields.Number("readyReplicas") ?? 0;

    /// <summary>Pods of the newest template.</summary>
    public long UpdatedReplicas => StatusFields.Number("updatedReplicas") ?? 0;

    /// <summary>Pods that have been ready for <c>minReadySeconds</c>.</summary>
    public long AvailableReplicas => StatusFields.Number("availableReplicas") ?? 0;

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    /// <summary>Labels that its pods have: <c>app=movies</c>.</summary>
    public string? Selector => ResourceParts.Selector(SpecFields.Object("selector"));

    /// <summary>How pods are replaced: <c>RollingUpdate</c> or <c>Recreate</c>.</summary>
    public string? Strategy => SpecFields.Object("strategy")?.Text("type");

    /// <summary>Whether its rollout is paused.</summary>
    public bool Paused => SpecFields.Flag("paused");

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
