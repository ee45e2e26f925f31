using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>A rule of the review of manifests.</summary>
/// <inheritdoc cref="FindingRule(string, FindingSeverity, string, string, string)" path="/param"/>
public sealed partial record ManifestRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix) : FindingRule(Id, Severity, Title, Help, Fix)
{
    /// <summary>All rules, as docs/manifest-review.md lists them.</summary>
    public static IReadOnlyList<ManifestRule> All => field ??= [.. Schema, .. Workloads, .. Network, .. Scaling, .. Config, .. Security];
}
