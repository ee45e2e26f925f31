using System.Text.Json.Nodes;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A PodDisruptionBudget.</summary>
public sealed class LabDisruptionBudget : LabResource
{
    internal LabDisruptionBudget(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>Pods that have to stay: a number or a percentage.</summary>
    public string? MinAvailable => SpecFields["minAvailable"]?.ToString();

    /// <summary>Pods that may be missing: a number or a percentage.</summary>
    public string? MaxUnavailable => SpecFields["maxUnavailable"]?.ToString();

    /// <summary>Pods that may be evicted now.</summary>
    public long AllowedDisruptions => Content.Object("status")?.Number("disruptionsAllowed") ?? 0;

    private JsonObject SpecFields => Content.Object("spec") ?? [];
}
