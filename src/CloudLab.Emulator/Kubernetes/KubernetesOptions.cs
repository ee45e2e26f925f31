namespace CloudLab.Emulator.Kubernetes;

/// <summary>How the Kubernetes API behaves. Everything has a default.</summary>
public sealed record KubernetesOptions
{
    /// <summary>Folder that keeps the objects across restarts; null for memory only.</summary>
    public string? DataPath { get; init; }

    /// <summary>How long a Pod takes from being scheduled to being ready.</summary>
    public TimeSpan PodStartDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the containers of a Job run.</summary>
    public TimeSpan JobDuration { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>
    /// Whether requests for objects are held to the roles: those with the token of a service account, and those that impersonate. The
    /// emulator's administrator may do everything; reviews answer by the roles in any case.
    /// </summary>
    public bool EnforceRoles { get; init; }

    /// <summary>How many changes a watch or a page can look back.</summary>
    public int HistoryLength { get; init; } = 10_000;

    /// <summary>Told of faults inside the emulator, on any thread; null for silence.</summary>
    public Action<string>? Log { get; init; }
}
