using CloudLab.Core.Kubernetes.Schema;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>How manifests are reviewed.</summary>
public sealed record ManifestReviewOptions
{
    /// <summary>Version of Kubernetes that the objects are for: which API versions are removed depends on it.</summary>
    public Version KubernetesVersion { get; init; } = KubernetesTable.Version;

    /// <summary>Whether a rule is looked for: by default all that are not optional.</summary>
    public Func<ManifestRule, bool> Wanted { get; init; } = rule => !rule.IsOptional;

    /// <summary>Namespace of the objects that name none; null where it is not known.</summary>
    public string? Namespace { get; init; }

    /// <summary>Schemas that count before those of the definitions among the manifests and of the module's own table; null for none.</summary>
    public ManifestSchemas? Schemas { get; init; }
}
