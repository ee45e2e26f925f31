using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Sts;

/// <summary>A role to take on, and how.</summary>
public sealed record RoleRequest
{
    /// <summary>The role.</summary>
    public required string RoleArn { get; init; }

    /// <summary>Name of the session, for logs and policies.</summary>
    public required string SessionName { get; init; }

    /// <summary>How long the credentials are good; the service's default (one hour) if null.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Limits what the session may do, or null.</summary>
    public PolicyDocument? SessionPolicy { get; init; }

    /// <summary>ARNs of managed policies that limit what the session may do.</summary>
    public IReadOnlyList<string> ManagedPolicies { get; init; } = [];

    /// <summary>What the role's owner asks callers of other accounts for, or null.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Session tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Keys of the tags that a role which is assumed with this session inherits.</summary>
    public IReadOnlyList<string> TransitiveTagKeys { get; init; } = [];

    /// <summary>Who stands behind the session, or null; kept through all roles that are assumed with it.</summary>
    public string? SourceIdentity { get; init; }

    /// <summary>File with the token of an identity provider, which is read for each renewal; null where the caller's credentials are used.</summary>
    public string? WebIdentityTokenFile { get; init; }

    /// <summary>When the role was created, if that is known: a new role is waited for.</summary>
    public DateTimeOffset? Created { get; init; }
}
