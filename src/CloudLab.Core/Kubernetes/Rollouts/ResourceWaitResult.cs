using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Core.Kubernetes.Rollouts;

/// <summary>An object that has become what was waited for.</summary>
public sealed record ResourceWaitResult
{
    /// <summary>What it was waited for; of several, the one that came about: <c>Ready</c>, <c>Condition=Failed</c>.</summary>
    public required string For { get; init; }

    /// <summary>Group and version of its kind.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Its kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null where the kind has none.</summary>
    public required string? Namespace { get; init; }

    /// <summary>What was seen of it: <c>2/2 ready</c>.</summary>
    public required string State { get; init; }

    /// <summary>How long the wait was.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>The object as last seen; null where it never was.</summary>
    public LabResource? Object { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Name}: {For}";
}
