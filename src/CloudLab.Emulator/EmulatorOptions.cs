namespace CloudLab.Emulator;

/// <summary>What to start. Everything has a default.</summary>
public sealed record EmulatorOptions
{
    /// <summary>Port of S3, STS and IAM on 127.0.0.1; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Port of the Kubernetes API on 127.0.0.1; 0 for any free one.</summary>
    public int KubernetesPort { get; init; }

    /// <summary>Folder that keeps buckets, users and Kubernetes objects across restarts; null for memory only.</summary>
    public string? DataPath { get; init; }

    /// <summary>Region that new buckets are in.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Access key of the account's root user; made up, or kept in <see cref="DataPath"/>, if null.</summary>
    public string? AccessKey { get; init; }

    /// <summary>Secret key of the account's root user; made up, or kept in <see cref="DataPath"/>, if null.</summary>
    public string? SecretKey { get; init; }

    /// <summary>Whether the Kubernetes API holds service accounts and impersonated users to their roles.</summary>
    public bool EnforceRoles { get; init; }

    /// <summary>Told of faults inside the emulator, one line each, on any thread; null for silence.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>The clock that signatures and tokens are held against.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
