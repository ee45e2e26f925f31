using CloudLab.Core.Common;
using CloudLab.Core.Identity.AccessKeys;

namespace CloudLab.Core.Identity.Principals;

/// <summary>A user of IAM.</summary>
public sealed class LabUser : LabIdentity
{
    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:user/path/name</c>.</summary>
    public required string UserArn { get; init; }

    /// <summary>Its unique id (<c>AIDA…</c>); never used again, even for a user of the same name.</summary>
    public required string UserId { get; init; }

    /// <summary>When its password was last used; null where it never was, or has none.</summary>
    public DateTimeOffset? PasswordLastUsed { get; init; }

    /// <summary>Names of its groups. Null where they are not asked for.</summary>
    public IReadOnlyList<string>? Groups { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>Its access keys. Null where they are not asked for.</summary>
    public IReadOnlyList<LabAccessKey>? AccessKeys { get; init => field = value is null ? null : TextList.Of(value); }

    /// <inheritdoc/>
    internal override PrincipalKind Kind => PrincipalKind.User;
}

/// <summary>What a user is created with.</summary>
public sealed record NewUser
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public string? Path { get; init; }

    /// <summary>ARN of the managed policy that limits its permissions.</summary>
    public string? PermissionsBoundary { get; init; }

    /// <summary>Tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of the groups that it is added to.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];
}

/// <summary>What changes of a user or a role; null leaves something as it is.</summary>
public sealed record IdentityChange
{
    /// <summary>New name, of a user.</summary>
    public string? NewName { get; init; }

    /// <summary>New path, of a user.</summary>
    public string? NewPath { get; init; }

    /// <summary>New description, of a role.</summary>
    public string? Description { get; init; }

    /// <summary>Longest session that may be asked for, of a role.</summary>
    public TimeSpan? MaxSessionDuration { get; init; }

    /// <summary>Who may assume a role.</summary>
    public Policies.PolicyDocument? TrustPolicy { get; init; }

    /// <summary>ARN of the managed policy that limits its permissions; empty to remove the boundary.</summary>
    public string? PermissionsBoundary { get; init; }

    /// <summary>All tags it has afterwards, by key.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}
