using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Access;

/// <summary>Who a cluster takes the caller for, and how the kubeconfig says so.</summary>
public sealed record LabKubeIdentity
{
    /// <summary>User name: <c>ann</c>, <c>system:serviceaccount:movies:web</c>.</summary>
    public required string User { get; init; }

    /// <summary>Groups.</summary>
    public IReadOnlyList<string> Groups { get; init => field = TextList.Of(value); } = TextList.Of<string>([]);

    /// <summary>Unique id; null where the server gives none.</summary>
    public string? Uid { get; init; }

    /// <summary>What else the server knows of the caller.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <summary>How the caller authenticates: <c>client certificate</c>, <c>token</c>, <c>token file</c>, <c>exec plugin</c>.</summary>
    public required string Authentication { get; init; }

    /// <summary>Until when the certificate or token is good; null where it has no end that can be read.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Context of the kubeconfig; null in a pod.</summary>
    public string? Context { get; init; }

    /// <summary>User of the kubeconfig; null where the context names none.</summary>
    public string? KubeUser { get; init; }

    /// <summary>API server.</summary>
    public required string Server { get; init; }

    /// <inheritdoc/>
    public override string ToString() => User;
}
