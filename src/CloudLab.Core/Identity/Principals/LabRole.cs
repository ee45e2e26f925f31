using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>A role. <see cref="Name"/> and <see cref="RoleArn"/> bind the next cmdlet's parameters.</summary>
public sealed class LabRole
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:role/path/name</c>.</summary>
    public required string RoleArn { get; init; }

    /// <summary>Its unique id; never used again, even for a role of the same name.</summary>
    public required string RoleId { get; init; }

    /// <summary>Path, from slash to slash.</summary>
    public required string Path { get; init; }

    /// <summary>Words about it, or null.</summary>
    public string? Description { get; init; }

    /// <summary>When it was created; null where the service does not say.</summary>
    public DateTimeOffset? CreateDate { get; init; }

    /// <summary>Longest session that may be asked for; null where the service does not say.</summary>
    public TimeSpan? MaxSessionDuration { get; init; }

    /// <summary>Who may assume it; null where the service gave something that is no policy document.</summary>
    public PolicyDocument? TrustPolicy { get; init; }

    /// <summary>What it may do: its inline policies. Null in a list, where they are not asked for.</summary>
    public IReadOnlyList<LabRolePolicy>? Policies { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>ARNs of the managed policies attached to it. Null in a list, where they are not asked for.</summary>
    public IReadOnlyList<string>? AttachedPolicies { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>Tags by key; services leave them out of lists.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init => field = TextDictionary.Of(value); } = new TextDictionary();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
