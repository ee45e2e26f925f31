namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>Looks at all objects of a review and says what it finds. It changes nothing and asks nobody.</summary>
/// <param name="set">The objects.</param>
/// <returns>The findings, in any order.</returns>
internal delegate IEnumerable<LabManifestFinding> ManifestCheck(ReviewedSet set);

/// <summary>All objects of one review: rules look across them.</summary>
/// <param name="objects">The objects, in the order of the input.</param>
/// <param name="options">How they are reviewed.</param>
internal sealed class ReviewedSet(IReadOnlyList<ReviewedObject> objects, ManifestReviewOptions options)
{
    private readonly Lazy<ILookup<string, ReviewedObject>> kinds = new(() => objects.ToLookup(one => one.Kind, StringComparer.Ordinal));

    /// <summary>The objects, in the order of the input.</summary>
    public IReadOnlyList<ReviewedObject> Objects => objects;

    /// <summary>Version of Kubernetes that they are for.</summary>
    public Version KubernetesVersion => options.KubernetesVersion;

    /// <summary>The objects of a kind.</summary>
    /// <param name="kind">The kind: <c>Service</c>.</param>
    /// <returns>The objects, in the order of the input.</returns>
    public IEnumerable<ReviewedObject> OfKind(string kind) => kinds.Value[kind];

    /// <summary>The namespace that an object goes to, for comparisons.</summary>
    /// <param name="one">The object.</param>
    /// <returns>The namespace that it names, or that of the call; empty where neither is known.</returns>
    public string NamespaceOf(ReviewedObject one) => one.Namespace ?? options.Namespace ?? "";

    /// <summary>Whether a rule is looked for; for checks that cost something.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>True if it is.</returns>
    public bool Wants(ManifestRule rule) => options.Wanted(rule);
}
