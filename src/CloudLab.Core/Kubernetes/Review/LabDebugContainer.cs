namespace CloudLab.Core.Kubernetes.Review;

/// <summary>A container that was added to a running pod for a look inside.</summary>
public sealed record LabDebugContainer
{
    /// <summary>Name of the pod.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the container.</summary>
    public required string Container { get; init; }

    /// <summary>Its image.</summary>
    public required string Image { get; init; }

    /// <summary>The container whose processes it sees; null for none.</summary>
    public string? Target { get; init; }

    /// <summary>Its state in a word: <c>Running</c>, <c>Ended</c>, <c>Added</c>.</summary>
    public required string State { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}/{Container}";
}
