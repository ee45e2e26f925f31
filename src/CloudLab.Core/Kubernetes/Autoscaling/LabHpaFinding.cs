using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>Something that keeps a HorizontalPodAutoscaler from scaling, or explains what it does. docs/hpa-review.md describes the rules.</summary>
public sealed record LabHpaFinding : Finding
{
    /// <summary>Name of the autoscaler.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}: {Severity} {Rule}: {Message}";
}
