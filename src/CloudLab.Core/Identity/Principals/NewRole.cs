using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>What a role is created with.</summary>
public sealed record NewRole
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Who may assume it.</summary>
    public required PolicyDocument TrustPolicy { get; init; }

    /// <summary>What it may do, or null for nothing yet.</summary>
    public PolicyDocument? Policy { get; init; }

    /// <summary>Name of <see cref="Policy"/>.</summary>
    public string PolicyName { get; init; } = "inline";

    /// <summary>ARNs of the managed policies that are attached to it.</summary>
    public IReadOnlyList<string> ManagedPolicies { get; init; } = [];

    /// <summary>ARN of the managed policy that limits its permissions.</summary>
    public string? PermissionsBoundary { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public string? Path { get; init; }

    /// <summary>Words about it.</summary>
    public string? Description { get; init; }

    /// <summary>Longest session that may be asked for; the service's default (one hour) if null.</summary>
    public TimeSpan? MaxSessionDuration { get; init; }

    /// <summary>Tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}
