using CloudLab.Core.Common;
using CloudLab.Core.Identity.Policies;
using CloudLab.Core.Identity.Principals;

namespace CloudLab.Core.Identity.Attachments;

/// <summary>A policy of a user, group or role: an inline policy, or a managed one that is attached to it.</summary>
public sealed record LabPolicyAttachment
{
    /// <summary>What has the policy.</summary>
    public required PrincipalKind PrincipalKind { get; init; }

    /// <summary>Name of the user, group or role.</summary>
    public required string Principal { get; init; }

    /// <summary>Name of the policy.</summary>
    public required string PolicyName { get; init; }

    /// <summary>ARN of the managed policy; null for an inline one.</summary>
    public string? PolicyArn { get; init; }

    /// <summary>True for an inline policy, which exists only as a part of its user, group or role.</summary>
    public bool IsInline => PolicyArn is null;

    /// <summary>What it allows and denies; null where it was not asked for, and where the service gave something that is no policy document.</summary>
    public PolicyDocument? Document { get; init; }

    /// <summary>The document's statements.</summary>
    public IReadOnlyList<PolicyStatement> Statement => Document?.Statement ?? new TextList<PolicyStatement>([]);

    /// <inheritdoc/>
    public override string ToString() => PolicyName;
}
