namespace CloudLab.Core.Kubernetes.Nodes;

/// <summary>How a node is drained.</summary>
public sealed record DrainOptions
{
    /// <summary>Also removes pods that no controller replaces.</summary>
    public bool Force { get; init; }

    /// <summary>Also removes pods whose emptyDir data is lost with them.</summary>
    public bool DeleteEmptyDirData { get; init; }

    /// <summary>Deletes pods in place of evicting them, past their disruption budgets.</summary>
    public bool DisableEviction { get; init; }

    /// <summary>Seconds that a pod has to end; null for its own.</summary>
    public int? GracePeriod { get; init; }

    /// <summary>Only pods with these labels; null for all.</summary>
    public string? PodSelector { get; init; }

    /// <summary>When to give up; zero asks once and does not wait.</summary>
    public TimeSpan Timeout { get; init; }
}
