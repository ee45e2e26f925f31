using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>What became of an object of a manifest.</summary>
public enum ManifestAction
{
    /// <summary>It was not there and is now.</summary>
    Created,

    /// <summary>It was there and is changed.</summary>
    Configured,

    /// <summary>It was there as the manifest wants it.</summary>
    Unchanged,

    /// <summary>It was there, could not be changed, and is deleted and created anew.</summary>
    Replaced,

    /// <summary>It was there, belonged to the apply set, and is removed because the manifest no longer has it.</summary>
    Pruned,

    /// <summary>It was there and is removed.</summary>
    Removed,

    /// <summary>It was to be removed and was not there.</summary>
    Absent,
}

/// <summary>What became of one object of a manifest, and which document asked for it.</summary>
public sealed record ManifestResult
{
    /// <summary>What was done.</summary>
    public required ManifestAction Action { get; init; }

    /// <summary>Group and version: <c>apps/v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind: <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace; null where the kind has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The fields that changed, where it was there before: <c>spec.replicas</c>. Null where that is not known.</summary>
    public IReadOnlyList<string>? ChangedPaths { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>True where its pods are replaced because a ConfigMap or Secret that they use changed.</summary>
    public bool Restarted { get; init; }

    /// <summary>What the wait for it last saw; null where nobody waited.</summary>
    public string? State { get; init; }

    /// <summary>True where the server only tried it and kept nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>File that asked for it, or <c>input</c>; empty where no manifest did.</summary>
    public required string Source { get; init; }

    /// <summary>Number of the document in that file, from 1; 0 where no manifest asked for it.</summary>
    public required int Document { get; init; }

    /// <summary>Line on which the document begins, from 1; 0 for objects.</summary>
    public required int Line { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}";
}

/// <summary>One thing that a deployment or removal has to tell: a result, or a problem with one item.</summary>
/// <param name="Result">What became of an object; null for a problem.</param>
/// <param name="Problem">What went wrong; null for a result.</param>
public sealed record ManifestOutcome(ManifestResult? Result, LabException? Problem);
