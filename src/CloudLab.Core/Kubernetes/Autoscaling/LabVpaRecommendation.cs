using System.Diagnostics.CodeAnalysis;
using CloudLab.Core.Autoscaling.Vpa;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>What a VerticalPodAutoscaler would recommend for one container of a workload in a cluster, by what its pods use now.</summary>
public sealed record LabVpaRecommendation : VpaRecommendation
{
    [SetsRequiredMembers]
    internal LabVpaRecommendation(VpaRecommendation recommendation)
        : base(recommendation)
    {
    }

    /// <summary>The workload: <c>Deployment/movies</c>.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Its namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Pods that were measured.</summary>
    public int PodCount { get; init; }

    /// <summary>CPU that the container requests now; null where it requests none.</summary>
    public string? CpuRequest { get; init; }

    /// <summary>Memory that the container requests now, in bytes unless it has a suffix such as Mi; null where it requests none.</summary>
    public string? MemoryRequest { get; init; }

    /// <summary>CPU that the recommender in the cluster recommends; null without a VerticalPodAutoscaler, or while it has no recommendation.</summary>
    public string? StatusCpuTarget { get; init; }

    /// <summary>Memory that the recommender in the cluster recommends, in bytes unless it has a suffix such as k; null as <see cref="StatusCpuTarget"/>.</summary>
    public string? StatusMemoryTarget { get; init; }

    /// <summary>Name of the VerticalPodAutoscaler of the workload; null without.</summary>
    public string? VerticalPodAutoscaler { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Workload} {Container}: {Reason}";
}
