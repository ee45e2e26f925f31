namespace CloudLab.Core.Kubernetes.Manifests;

/// <summary>Asks whether a change may be made.</summary>
/// <param name="target">The real name of what changes.</param>
/// <param name="action">What is done to it.</param>
/// <returns>True to go on.</returns>
public delegate Task<bool> ManifestApproval(string target, string action);

/// <summary>What happens to what an object owns when it is removed; the server's own words.</summary>
public enum PropagationPolicy
{
    /// <summary>It is removed after its owner, as with kubectl.</summary>
    Background,

    /// <summary>It is removed before its owner.</summary>
    Foreground,

    /// <summary>It stays.</summary>
    Orphan,
}

/// <summary>How a manifest is deployed or removed.</summary>
public sealed record ManifestOptions
{
    /// <summary>Namespace for whatever names none.</summary>
    public required string DefaultNamespace { get; init; }

    /// <summary>Namespace that every namespaced object must be in; null where the manifest decides.</summary>
    public string? Namespace { get; init; }

    /// <summary>Who owns the fields that are set.</summary>
    public string FieldManager { get; init; } = "cloudlab";

    /// <summary>Takes over fields that others own.</summary>
    public bool Force { get; init; }

    /// <summary>Managers whose fields are taken over, so that leaving them out removes them; those of client-side apply always are.</summary>
    public IReadOnlyCollection<string> TakeOver { get; init; } = [];

    /// <summary>Deletes and creates anew what cannot be changed in place.</summary>
    public bool Replace { get; init; }

    /// <summary>The apply set that the objects belong to: a name (of a Secret), or <c>kind/name</c>; null for none.</summary>
    public string? ApplySet { get; init; }

    /// <summary>Removes what belongs to the apply set and is not in the manifest.</summary>
    public bool Prune { get; init; }

    /// <summary>Restarts workloads whose ConfigMap or Secret changed.</summary>
    public bool RestartOnConfigChange { get; init; }

    /// <summary>Lets the server try everything and keep nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Waits until deployed objects are ready, or removed ones gone.</summary>
    public bool Wait { get; init; }

    /// <summary>How long to wait.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Requests at the same time.</summary>
    public int ThrottleLimit { get; init; } = 64;

    /// <summary>What happens to what an object owns when it is removed.</summary>
    public PropagationPolicy Propagation { get; init; }

    /// <summary>Seconds that removed pods get to end; null for their own.</summary>
    public int? GracePeriod { get; init; }

    /// <summary>Makes it a problem when an object to remove is not there.</summary>
    public bool ErrorOnNotFound { get; init; }

    /// <summary>Asks before each change; null where nobody wants to be asked.</summary>
    public ManifestApproval? Approve { get; init; }

    /// <summary>Asks before something is destroyed, also where changes are not asked for; null where nobody wants to be asked.</summary>
    public ManifestApproval? ApproveLoss { get; init; }
}
