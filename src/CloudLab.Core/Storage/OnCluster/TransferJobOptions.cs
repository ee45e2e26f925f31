namespace CloudLab.Core.Storage.OnCluster;

/// <summary>How a transfer runs on a cluster.</summary>
public sealed record TransferJobOptions
{
    /// <summary>Name of the Job.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Image with <c>cloudlab</c> in it.</summary>
    public required string Image { get; init; }

    /// <summary>When the image is pulled; the cluster's own rule if null.</summary>
    public string? PullPolicy { get; init; }

    /// <summary>Secrets that the nodes pull the image with, where its registry asks for a password.</summary>
    public IReadOnlyList<string> ImagePullSecrets { get; init; } = [];

    /// <summary>Workers at once.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Secret whose entries become the workers' environment: <c>AWS_ACCESS_KEY_ID</c> and so on; null for none.</summary>
    public string? CredentialSecret { get; init; }

    /// <summary>The same for the service of the destination, where it is another one.</summary>
    public string? DestinationCredentialSecret { get; init; }

    /// <summary>Service account of the workers, for credentials by web identity; the namespace's default if null.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>Certificate authorities (PEM) that the workers trust instead of their image's; null for those.</summary>
    public string? Authorities { get; init; }

    /// <summary>The same for the service of the destination, where it is another one.</summary>
    public string? DestinationAuthorities { get; init; }

    /// <summary>How often a range is taken up again after its worker failed.</summary>
    public int BackoffLimit { get; init; } = 6;

    /// <summary>True gives the workers the network of their node.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>What each worker reserves.</summary>
    public IReadOnlyDictionary<string, string> Requests { get; init; } = new Dictionary<string, string>();

    /// <summary>What each worker may use.</summary>
    public IReadOnlyDictionary<string, string> Limits { get; init; } = new Dictionary<string, string>();
}
