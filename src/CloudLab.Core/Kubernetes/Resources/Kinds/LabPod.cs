using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A pod.</summary>
public sealed class LabPod : LabResource
{
    internal LabPod(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Restarts of its containers.</summary>
    public long Restarts => PodSummary.Of(Content).Restarts;

    /// <summary>When a container last ended before a restart; null where none did.</summary>
    public DateTimeOffset? LastRestart => PodSummary.Of(Content).LastRestart;

    /// <summary>Node that it runs on; null while it has none.</summary>
    public string? Node => Content.Object("spec")?.Text("nodeName");

    /// <summary>Its address; null while it has none.</summary>
    public string? IP => StatusFields.Text("podIP") ?? StatusFields.Objects("podIPs").FirstOrDefault()?.Text("ip");

    /// <summary>Quality of service: <c>Guaranteed</c>, <c>Burstable</c>, <c>BestEffort</c>.</summary>
    public string? QosClass => StatusFields.Text("qosClass");

    /// <summary>Its containers: first the init containers, then the others.</summary>
    public TextList<LabPodContainer> Containers => LabPodContainer.Of(Content);

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    /// <summary>What made it: <c>ReplicaSet/movies-5d8f</c>; null where nothing did.</summary>
    public string? Owner => ResourceParts.Owner(Content);

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
