using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Insight;

/// <summary>An object that nothing uses. It has its metadata only, so that the data of a secret is not with it.</summary>
public sealed class LabUnusedResource : LabResource
{
    internal LabUnusedResource(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Why it counts as unused.</summary>
    public string Reason { get; internal init; } = "";
}
