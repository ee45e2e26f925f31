using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Autoscaling;

/// <summary>Something that keeps a HorizontalPodAutoscaler from scaling, or explains what it does.</summary>
public sealed record LabHpaFinding
{
    /// <summary>Name of the autoscaler.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>How much harm it can do.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>Id of the rule: <c>RequestMissing</c>. docs/hpa-review.md describes all of them.</summary>
    public required string Rule { get; init; }

    /// <summary>What was found.</summary>
    public required string Message { get; init; }

    /// <summary>What to do.</summary>
    public required string Action { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}: {Severity} {Rule}: {Message}";
}
