using CloudLab.Core.Common.Review;
using CloudLab.Core.Identity.Accounts;
using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Review;

/// <summary>What is reviewed together: a principal with all its policies, or one document.</summary>
internal sealed record ReviewSubject(string Name)
{
    /// <summary>What it is; null for a document.</summary>
    public AccountPrincipalKind? Kind { get; init; }

    /// <summary>Policies whose statements are looked at one by one.</summary>
    public IReadOnlyList<NamedPolicy> Policies { get; init; } = [];

    /// <summary>Policies of the groups; they count for what the principal may do, and are looked at where the group is.</summary>
    public IReadOnlyList<NamedPolicy> Inherited { get; init; } = [];

    /// <summary>Permissions boundary, or null.</summary>
    public NamedPolicy? Boundary { get; init; }

    /// <summary>Trust policy of a role, or a policy of a resource; null if there is none.</summary>
    public NamedPolicy? Shared { get; init; }

    /// <summary>Account id, or null if it is not known.</summary>
    public string? Account { get; init; }

    /// <summary>File it came from, or null.</summary>
    public string? Path { get; init; }

    /// <summary>Whether what its policies allow together is looked at: not for a group with members, whose users are looked at.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>Makes a finding.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="why">What is wrong.</param>
    /// <param name="policy">The policy; null for several.</param>
    /// <param name="index">The statement's place in it, or null.</param>
    /// <param name="severity">Another severity than the rule's.</param>
    /// <param name="fix">Another advice than the rule's.</param>
    /// <param name="detail">What distinguishes findings of the rule about the same statement.</param>
    /// <param name="actions">Actions it is about.</param>
    /// <returns>The finding.</returns>
    public LabPolicyFinding Find(
        ReviewRule rule, string why, NamedPolicy? policy = null, int? index = null, FindingSeverity? severity = null, string? fix = null, string? detail = null,
        IReadOnlyList<string>? actions = null)
    {
        PolicyStatement? statement = policy is not null && index is { } place ? policy.Document.Statement[place] : null;
        return new LabPolicyFinding
        {
            Id = rule.Id,
            Severity = severity ?? rule.Severity,
            Principal = Name,
            Policy = policy?.Name,
            Statement = statement is null ? null : PolicyGrant.StatementName(statement, index!.Value),
            Why = why,
            Fix = fix ?? rule.Fix,
            Action = actions ?? [],
            Path = Path,
            Content = statement is null ? null : new PolicyDocument([statement]).ToJson(indented: false),
            Detail = detail,
        };
    }
}
