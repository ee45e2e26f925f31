namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>How manifests are reviewed.</summary>
public sealed record ManifestReviewOptions
{
    /// <summary>Version of Kubernetes that the objects are for: which API versions are removed depends on it.</summary>
    public Version KubernetesVersion { get; init; } = new(1, 36);

    /// <summary>Whether a rule is looked for: by default all that are not optional.</summary>
    public Func<ManifestRule, bool> Wanted { get; init; } = rule => !rule.IsOptional;
}
