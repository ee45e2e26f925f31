using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Client;

/// <summary>One field of a kind, as the cluster describes it.</summary>
public sealed record LabKindField
{
    /// <summary>The kind: <c>deployments.apps</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Where it stands: <c>spec.strategy.type</c>. What stands in lists counts as the list's own.</summary>
    public required string Path { get; init; }

    /// <summary>Its type: <c>string</c>, <c>integer</c>, <c>[]Container</c>, <c>map[string]string</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Whether it has to be there.</summary>
    public bool Required { get; init; }

    /// <summary>The values that it can have, where they are listed.</summary>
    public IReadOnlyList<string> Enum { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Value that the server fills in, where the schema says so.</summary>
    public string? Default { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
