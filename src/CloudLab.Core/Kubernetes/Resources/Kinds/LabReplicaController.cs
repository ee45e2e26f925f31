using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A ReplicaSet, StatefulSet, DaemonSet or ReplicationController.</summary>
public sealed class LabReplicaController : LabResource
{
    internal LabReplicaController(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Pods that are wanted.</summary>
    public long Replicas => Kind == "DaemonSet" ? StatusFields.Number("desiredNumberScheduled") ?? 0 : SpecFields.Number("replicas") ?? 1;

    /// <summary>Pods that exist.</summary>
    public long CurrentReplicas => StatusFields.Number(Kind == "DaemonSet" ? "currentNumberScheduled" : "replicas") ?? 0;

    /// <summary>Pods that are ready.</summary>
    public long ReadyReplicas => StatusFields.Number(Kind == "DaemonSet" ? "numberReady" : "readyReplicas") ?? 0;

    /// <summary>Pods of the newest template; null where the kind has no such thing.</summary>
    public long? UpdatedReplicas => Kind switch
    {
        "DaemonSet" => StatusFields.Number("updatedNumberScheduled") ?? 0,
        "StatefulSet" => StatusFields.Number("updatedReplicas") ?? 0,
        _ => null,
    };

    /// <summary>Pods that have been ready for <c>minReadySeconds</c>.</summary>
    public long AvailableReplicas => StatusFields.Number(Kind == "DaemonSet" ? "numberAvailable" : "availableReplicas") ?? 0;

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    /// <summary>Labels that its pods have: <c>app=movies</c>.</summary>
    public string? Selector => Kind == "ReplicationController" ? ResourceParts.Labels(SpecFields.Object("selector")) : ResourceParts.Selector(SpecFields.Object("selector"));

    /// <summary>What made it: <c>Deployment/movies</c>; null where nothing did.</summary>
    public string? Owner => ResourceParts.Owner(Content);

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
