namespace CloudLab.Core.Sessions.Status;

/// <summary>How a service is.</summary>
public enum LabStatusState
{
    /// <summary>It answers, and nothing is wrong.</summary>
    Ok,

    /// <summary>It answers, and something is wrong or will be soon.</summary>
    Warning,

    /// <summary>It answers, and refuses the credentials or what was asked.</summary>
    Denied,

    /// <summary>Nothing answers, or not in time.</summary>
    Unreachable,

    /// <summary>The settings name no service, or cannot be used.</summary>
    NotConfigured,
}

/// <summary>How one of the services of a session is: whether it answers, as whom, and what is wrong.</summary>
public sealed record LabStatus
{
    /// <summary>The service: <c>S3</c>, <c>STS</c>, <c>Docker</c>, <c>Kubernetes</c>, <c>Emulator</c>.</summary>
    public required string Service { get; init; }

    /// <summary>How it is.</summary>
    public required LabStatusState State { get; init; }

    /// <summary>Its address; null where none is known.</summary>
    public string? Endpoint { get; init; }

    /// <summary>As whom it is used: ARN, access key, context of Docker, user of the cluster.</summary>
    public string? Identity { get; init; }

    /// <summary>Version of the server, where it says so.</summary>
    public string? Version { get; init; }

    /// <summary>How long the check took; null where nothing answered.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>What is known, or what is wrong.</summary>
    public string? Message { get; init; }

    /// <summary>What to do; null where there is nothing to do.</summary>
    public string? Action { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Service}: {State}";
}
