using CloudLab.Core.Identity.Policies;

namespace CloudLab.Core.Identity.Accounts;

/// <summary>Kinds of principals that an account has.</summary>
public enum AccountPrincipalKind
{
    /// <summary>A user.</summary>
    User,

    /// <summary>A group of users.</summary>
    Group,

    /// <summary>A role.</summary>
    Role,
}

/// <summary>A user, group or role with all policies that apply to it.</summary>
public sealed class AccountPrincipal
{
    /// <summary>What it is.</summary>
    public required AccountPrincipalKind Kind { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its ARN.</summary>
    public required string Arn { get; init; }

    /// <summary>Its own policies, inline and attached.</summary>
    public IReadOnlyList<NamedPolicy> Policies { get; init; } = [];

    /// <summary>The groups that a user is in.</summary>
    public IReadOnlyList<AccountPrincipal> Groups { get; internal set; } = [];

    /// <summary>True for a group with members.</summary>
    public bool HasMembers { get; internal set; }

    /// <summary>Its permissions boundary, or null.</summary>
    public NamedPolicy? Boundary { get; init; }

    /// <summary>Who may assume a role; null for others, and where the document cannot be read.</summary>
    public NamedPolicy? Trust { get; init; }

    /// <summary>Policies that cannot be read, or whose documents are not there, with the reason.</summary>
    public IReadOnlyList<(string Policy, string Problem)> Unreadable { get; init; } = [];

    /// <summary>Account id, from the ARN.</summary>
    public string? Account => Arn.Split(':', 6) is [_, _, _, _, var account, _] && account.Length > 0 ? account : null;

    /// <summary>All policies that give it permissions: its own and those of its groups.</summary>
    /// <returns>Policies.</returns>
    public IEnumerable<NamedPolicy> AllPolicies() => Policies.Concat(Groups.SelectMany(group => group.Policies));

    /// <summary>Names of all policies that would count for it and cannot be read: its own, those of its groups, its boundary and its trust policy.</summary>
    /// <returns>Names.</returns>
    public IEnumerable<string> AllUnreadable() => Unreadable.Concat(Groups.SelectMany(group => group.Unreadable)).Select(found => found.Policy);

    /// <inheritdoc/>
    public override string ToString() => Arn;
}
