using System.Diagnostics.CodeAnalysis;
using CloudLab.Core.Autoscaling.Hpa;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>What a HorizontalPodAutoscaler in a cluster does now, and why, beside what its controller did last.</summary>
public sealed record LabHpaDecision : HpaDecision
{
    [SetsRequiredMembers]
    internal LabHpaDecision(HpaDecision decision)
        : base(decision)
    {
    }

    /// <summary>Name of the autoscaler.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>What it scales: <c>Deployment/movies</c>.</summary>
    public string Target { get; init; } = "";

    /// <summary>Replicas that it asks for once windows and policies have let it go all the way, if the metrics stay as they are.</summary>
    public int SettledReplicas { get; init; }

    /// <summary>Replicas that the controller asked for last; null where it has not looked yet.</summary>
    public int? LastDesiredReplicas { get; init; }

    /// <summary>When the controller last changed the replicas; null where it never did.</summary>
    public DateTimeOffset? LastScaleTime { get; init; }

    /// <summary>Context of the kubeconfig that it was read with.</summary>
    public string? Context { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Reason}";
}
