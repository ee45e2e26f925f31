using CloudLab.Core.Common;
using CloudLab.Core.Identity.Attachments;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Principals;

/// <summary>A role. <see cref="LabPrincipal.Name"/> and <see cref="RoleArn"/> bind the next cmdlet's parameters.</summary>
public sealed class LabRole : LabIdentity
{
    /// <summary>Its ARN: <c>arn:aws:iam::123456789012:role/path/name</c>.</summary>
    public required string RoleArn { get; init; }

    /// <summary>Its unique id (<c>AROA…</c>); never used again, even for a role of the same name.</summary>
    public required string RoleId { get; init; }

    /// <summary>Words about it, or null.</summary>
    public string? Description { get; init; }

    /// <summary>Longest session that may be asked for; null where the service does not say.</summary>
    public TimeSpan? MaxSessionDuration { get; init; }

    /// <summary>When it was last used; null where it never was, in the time that the service looks back, or where it does not say.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>Who may assume it; null where the service gave something that is no policy document.</summary>
    public PolicyDocument? TrustPolicy { get; init; }

    /// <summary>
    /// Unique ids (<c>AIDA…</c>, <c>AROA…</c>) in the trust policy: what IAM leaves there of a user or role that was deleted. Nobody
    /// can be it again, not even a principal of the same name.
    /// </summary>
    public IReadOnlyList<string> DeletedPrincipals => TextList.Of<string>(
        [.. (TrustPolicy?.Statement ?? []).SelectMany(statement => (statement.Principal ?? statement.NotPrincipal)?.AWS ?? []).Where(IsUniqueId).Distinct()]);

    /// <summary>What it may do: its inline policies. Null in a list, where they are not asked for.</summary>
    public IReadOnlyList<LabPolicyAttachment>? Policies { get; init => field = value is null ? null : TextList.Of(value); }

    /// <summary>ARNs of the managed policies attached to it. Null in a list, where they are not asked for.</summary>
    public IReadOnlyList<string>? AttachedPolicies { get; init => field = value is null ? null : TextList.Of(value); }

    /// <inheritdoc/>
    internal override PrincipalKind Kind => PrincipalKind.Role;

    private static bool IsUniqueId(string principal) => principal.Length is >= 16 and <= 128 && principal.All(char.IsAsciiLetterOrDigit)
        && (principal.StartsWith("AIDA", StringComparison.Ordinal) || principal.StartsWith("AROA", StringComparison.Ordinal));
}
