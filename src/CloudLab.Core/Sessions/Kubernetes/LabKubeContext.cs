namespace CloudLab.Core.Sessions.Kubernetes;

/// <summary>A context of a kubeconfig: a cluster, a user and a namespace under one name.</summary>
public sealed class LabKubeContext
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is the one that this session uses.</summary>
    public required bool IsCurrent { get; init; }

    /// <summary>Name of its cluster in the kubeconfig.</summary>
    public string? Cluster { get; init; }

    /// <summary>Address of the API server; null where the cluster is not defined.</summary>
    public string? Server { get; init; }

    /// <summary>Name of its user in the kubeconfig.</summary>
    public string? User { get; init; }

    /// <summary>Namespace for whatever names none; null for <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>The file that it stands in.</summary>
    public required string File { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
