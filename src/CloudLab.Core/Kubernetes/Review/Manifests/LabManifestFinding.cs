using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <summary>
/// Something that the review of manifests found, with what to do about it. Values that may be secret are never in it. docs/manifest-review.md describes the rules.
/// </summary>
public sealed record LabManifestFinding : Finding
{
    /// <summary>Full path of the file; null for what came as text or as an object.</summary>
    public string? File { get; init; }

    /// <summary>Line, from 1; of objects that were not read from text, 0.</summary>
    public required int Line { get; init; }

    /// <summary>Column, from 1; of objects that were not read from text, 0.</summary>
    public required int Column { get; init; }

    /// <summary>Kind of the object; null where the document could not be read.</summary>
    public string? Kind { get; init; }

    /// <summary>Its namespace, where the manifest names one.</summary>
    public string? Namespace { get; init; }

    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>The field: <c>spec.template.spec.containers[0].image</c>; empty for the object as a whole.</summary>
    public required string Path { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(File is null ? "input" : System.IO.Path.GetFileName(File))}:{Line}:{Column}: {Severity} {Rule}: {Message}";
}
