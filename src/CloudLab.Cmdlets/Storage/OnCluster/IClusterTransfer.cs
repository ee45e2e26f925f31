using System.Collections;

namespace CloudLab.Cmdlets.Storage.OnCluster;

/// <summary>The parameters of a cmdlet that can hand its work to a cluster.</summary>
internal interface IClusterTransfer
{
    /// <summary>Names of the parameters that mean something with -OnCluster only.</summary>
    static readonly string[] Names =
    [
        nameof(Image), nameof(Pull), nameof(ImagePullSecret), nameof(Parallelism), nameof(RangeCount), nameof(JobName), nameof(KubeConfig), nameof(Context), nameof(Namespace),
        nameof(CredentialSecret), nameof(ServiceAccount), nameof(WorkerEndpointUrl), nameof(BackoffLimit), nameof(CheckpointInterval), nameof(HostNetwork),
        nameof(Request), nameof(Limit), nameof(NoWait), "DestinationSession", "DestinationCredentialSecret", "DestinationWorkerEndpointUrl",
    ];

    /// <summary>Whether the work is handed to a cluster.</summary>
    bool OnCluster { get; }

    /// <summary>Image of the workers.</summary>
    string Image { get; }

    /// <summary>When it is pulled.</summary>
    string? Pull { get; }

    /// <summary>Secrets that it is pulled with.</summary>
    string[] ImagePullSecret { get; }

    /// <summary>Workers at once.</summary>
    int Parallelism { get; }

    /// <summary>Ranges of keys; 0 for as many as suit the workers.</summary>
    int RangeCount { get; }

    /// <summary>Name of the Job.</summary>
    string? JobName { get; }

    /// <summary>Kubeconfig files.</summary>
    string[]? KubeConfig { get; }

    /// <summary>Context.</summary>
    string? Context { get; }

    /// <summary>Namespace.</summary>
    string? Namespace { get; }

    /// <summary>Secret with the workers' credentials.</summary>
    string? CredentialSecret { get; }

    /// <summary>Service account of the workers.</summary>
    string? ServiceAccount { get; }

    /// <summary>The service as the workers reach it.</summary>
    Uri? WorkerEndpointUrl { get; }

    /// <summary>How often a range is tried again.</summary>
    int BackoffLimit { get; }

    /// <summary>Objects between two checkpoints.</summary>
    int CheckpointInterval { get; }

    /// <summary>Whether the workers have their node's network.</summary>
    bool HostNetwork { get; }

    /// <summary>What each worker reserves.</summary>
    Hashtable Request { get; }

    /// <summary>What each worker may use.</summary>
    Hashtable Limit { get; }

    /// <summary>Whether to leave the job alone once it runs.</summary>
    bool NoWait { get; }
}
